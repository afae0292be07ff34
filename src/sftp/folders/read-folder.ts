import type { SftpRequests } from '../../ssh2/sftp/requests.ts';
import type { SftpName } from '../../ssh2/sftp/wire.ts';

/** Requests for more names under way at once: a server sends about a hundred names for each. */
const parallelReads = 4;

/** How much the listings of one call may bring; a hostile server's never end. */
export interface ListingBudget {
  names: number;
  bytes: number;
}

export const listingLimits = { names: 250_000, bytes: 64 * 1024 * 1024 } as const;

/** A listing went beyond all reason, or repeats itself. */
export class EndlessListing extends Error {}

/** The entries of a folder but for `.` and `..`. The budget is shared by all folders of a transfer. */
export async function readFolder(
  sftp: SftpRequests,
  path: string,
  budget: ListingBudget = { ...listingLimits },
  onNames: () => void = () => {},
): Promise<SftpName[]> {
  const handle = await sftp.opendir(path);
  try {
    const entries = new Map<string, SftpName>();
    for (let more = true; more; ) {
      const batches = await Promise.all(Array.from({ length: parallelReads }, () => sftp.readdir(handle)));
      onNames();
      for (const batch of batches) if (batch) take(batch, entries, budget, path);
      more = !batches.includes(undefined);
    }
    return [...entries.values()];
  } finally {
    if (!sftp.ended) void sftp.closeHandle(handle).catch(() => {});
  }
}

function take(batch: SftpName[], entries: Map<string, SftpName>, budget: ListingBudget, path: string): void {
  if (batch.length === 0) budget.names -= 100;
  for (const entry of batch) {
    budget.names--;
    budget.bytes -= entry.raw.length;
    if (budget.names < 0 || budget.bytes < 0)
      throw new EndlessListing(`the listing has more than ${listingLimits.names} names`);
    if (entry.name === '.' || entry.name === '..') continue;
    const key = entry.raw.toString('latin1');
    if (entries.has(key)) throw new EndlessListing(`the listing of ${path} contains a name twice`);
    entries.set(key, entry);
  }
}
