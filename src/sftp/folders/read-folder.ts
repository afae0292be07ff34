import { SftpFailed } from '../../errors/index.ts';
import type { Where } from '../../ssh2/channels/link.ts';
import type { RawPath, SftpHandle, SftpRequests } from '../../ssh2/sftp/requests.ts';
import type { SftpName } from '../../ssh2/sftp/wire.ts';
import { printable, quoted } from '../../text/printable.ts';

/** Number of concurrent READDIR requests; a server returns about a hundred names for each. */
const parallelReads = 4;

/** Limits on what the listings of one call may return: those of a hostile server may never end. */
export interface ListingBudget {
  names: number;
  bytes: number;
}

export const listingLimits = { names: 250_000, bytes: 64 * 1024 * 1024 } as const;

/** Maximum rounds of one listing: even a server that sends one name at a time can list 40,000. */
const mostRounds = 10_000;
/**
 * Maximum consecutive rounds without a new name. In a folder whose files are constantly replaced, tmpfs repeats
 * thousands of names before it reaches the end.
 */
const mostRepeats = 1_000;

interface ListingOptions {
  where: Where;
  /** Shared by all folders of a transfer. */
  budget?: ListingBudget;
  /** Called after each round of replies; if it throws, the listing ends with that error. */
  onNames?: () => void;
}

/**
 * The entries of a folder except `.` and `..`. If a name is listed twice, the file was replaced while the server read
 * the folder, and the last entry counts. As in OpenSSH's client, a reply without names ends the listing.
 *
 * @throws {SftpFailed} for a listing that does not end.
 */
export async function readFolder(
  sftp: SftpRequests,
  path: RawPath,
  { where, budget = { ...listingLimits }, onNames = () => {} }: ListingOptions,
): Promise<SftpName[]> {
  const handle = await sftp.opendir(path);
  try {
    const listing = new Listing(path.toString(), where, budget);
    for (let more = true; more; ) {
      const batches = await batchesOf(sftp, handle);
      onNames();
      listing.take(batches.flatMap((batch) => batch ?? []));
      more = batches.length === parallelReads && batches.every((batch) => batch && batch.length > 0);
    }
    return listing.entries;
  } finally {
    if (!sftp.ended) void sftp.closeHandle(handle).catch(() => {});
  }
}

/**
 * One round of replies. Failures after the end are ignored: some servers close the folder there and refuse requests.
 */
async function batchesOf(sftp: SftpRequests, handle: SftpHandle): Promise<(SftpName[] | undefined)[]> {
  const reads = Array.from({ length: parallelReads }, () => sftp.readdir(handle));
  const batches: (SftpName[] | undefined)[] = [];
  for (const read of await Promise.allSettled(reads)) {
    if (read.status === 'fulfilled') batches.push(read.value);
    else if (batches.some((batch) => !batch?.length) && !sftp.ended) break;
    else throw read.reason;
  }
  return batches;
}

class Listing {
  readonly #path: string;
  readonly #where: Where;
  readonly #budget: ListingBudget;
  readonly #entries = new Map<string, SftpName>();
  #rounds = 0;
  #repeats = 0;

  constructor(path: string, where: Where, budget: ListingBudget) {
    this.#path = path;
    this.#where = where;
    this.#budget = budget;
  }

  get entries(): SftpName[] {
    return [...this.#entries.values()];
  }

  /** Adds the names of one round. */
  take(names: readonly SftpName[]): void {
    const before = this.#entries.size;
    for (const entry of names) this.#add(entry);
    this.#repeats = this.#entries.size > before ? 0 : this.#repeats + 1;
    if (this.#repeats >= mostRepeats) throw this.#endless('it brings the same names again and again');
    if (++this.#rounds >= mostRounds) throw this.#endless(`after ${mostRounds * parallelReads} replies`);
  }

  #add(entry: SftpName): void {
    if (entry.name === '.' || entry.name === '..') return;
    const key = entry.raw.toString('latin1');
    if (!this.#entries.has(key)) this.#pay(entry.raw.length);
    this.#entries.set(key, entry);
  }

  #pay(bytes: number): void {
    this.#budget.names--;
    this.#budget.bytes -= bytes;
    if (this.#budget.names < 0) throw this.#endless(`after ${listingLimits.names} names`);
    if (this.#budget.bytes < 0) throw this.#endless(`after ${listingLimits.bytes} bytes of names`);
  }

  #endless(how: string): SftpFailed {
    const reason = `the listing does not end: ${how}`;
    const { host, port } = this.#where;
    return new SftpFailed(`SFTP readdir of ${quoted(this.#path)} on ${host}:${port} failed: ${reason}`, {
      ...this.#where,
      phase: 'transfer',
      operation: 'readdir',
      path: printable(this.#path),
      reason,
    });
  }
}
