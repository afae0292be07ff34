import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fingerprintSha256 } from '../keys/fingerprint.ts';
import { type PublicKey, readPublicKey } from '../keys/public-key.ts';
import { checkRecordable, entryLine, inTurn } from './append.ts';
import { type KnownHostsFile, readKnownHostsFiles, unusable } from './files.ts';
import { linesAbout } from './lines-by-name.ts';
import { HostMatcher, saltOf } from './match.ts';
import { type HostName, lookupNames } from './name.ts';
import { parseHostKey, parseKnownHostsLine } from './parse.ts';

/** Whose entries are kept up to date, and where. */
export interface KnownHostsUpdate extends HostName {
  /** The user's own files; new keys are added to the first. */
  readonly files: readonly string[];
  /** Whether new lines hash the name. Default: as the existing ones do. */
  readonly hash: boolean | undefined;
}

/** The host keys that a server announced. */
export interface ToldKeys {
  /** Those that we would accept from it. */
  readonly wanted: readonly ToldKey[];
  /** Those of which we only know that it has them; if they are on record, they stay. */
  readonly others: readonly ToldKey[];
}

export interface ToldKey {
  readonly blob: Buffer;
  readonly key: PublicKey;
}

/** What would change; or why nothing does, as a clause that follows "because". */
type UpdatePlan =
  | {
      readonly unknown: readonly ToldKey[];
      readonly outdated: readonly PublicKey[];
      readonly isHashed: boolean;
      readonly kept?: undefined;
    }
  | { readonly kept: string };

/** As OpenSSH's `update_known_hosts` (clientloop.c) reports it: key types and fingerprints. */
interface HostKeyChanges {
  readonly learnt: readonly string[];
  readonly removed: number;
}

/** Compares what a server announced with the files. Writes nothing. */
export async function planUpdate(update: KnownHostsUpdate, told: ToldKeys): Promise<UpdatePlan> {
  return compare(await readKnownHostsFiles(update.files), lookupNames(update).name, told);
}

/**
 * Records the proven keys and removes those that the server no longer has, as `hostfile_replace_entries` does: each
 * file is replaced atomically, and the old one is kept beside it as `.old`.
 *
 * @returns What was changed, or why nothing was: the files may have changed in the meantime.
 * @throws Error if a file cannot be read or written.
 */
export async function applyUpdate(
  update: KnownHostsUpdate,
  told: ToldKeys,
  proven: readonly ToldKey[],
): Promise<HostKeyChanges | { readonly kept: string }> {
  const { name } = lookupNames(update);
  checkRecordable(update);
  const paths = await Promise.all(update.files.map((file) => realpath(file).catch(() => resolve(file))));
  return inTurns([...new Set(paths)].sort(), async () => {
    const files = await readKnownHostsFiles([...new Set(paths)]);
    const plan = compare(files, name, told);
    if (plan.kept !== undefined) return plan;
    if (plan.unknown.some((key) => !proven.includes(key))) return { kept: 'the files changed meanwhile' };
    const hash = update.hash ?? plan.isHashed;
    for (const [index, { path }] of files.entries()) {
      // As in ssh, all of them go into the first file.
      const wanted = index === 0 ? told.wanted : [];
      await replaceFile(path, (text) => edited(text, { name, wanted, others: told.others, hash }));
    }
    const learnt = plan.unknown.map(({ blob, key }) => `${key.type} ${fingerprintSha256(blob)}`);
    return { learnt, removed: plan.outdated.length };
  });
}

/** Waits for its turn with several files, always in the same order, so that no deadlock can occur. */
function inTurns<T>([first, ...rest]: readonly string[], work: () => Promise<T>): Promise<T> {
  return first === undefined ? work() : inTurn(first, () => inTurns(rest, work));
}

const same = (a: PublicKey, b: PublicKey) => a.certificate === b.certificate && a.identity.equals(b.identity);
const among = (keys: readonly ToldKey[], key: PublicKey) => keys.some((told) => same(told.key, key));

/** OpenSSH's `hostkeys_find` and `hostkeys_check_old` (clientloop.c). */
function compare(files: readonly KnownHostsFile[], name: string, { wanted, others }: ToldKeys): UpdatePlan {
  const known: PublicKey[] = [];
  const outdated: PublicKey[] = [];
  let isHashed = false;
  for (const { marker, hosts, keyText } of files.flatMap((file) => linesAbout(file, name))) {
    const key = parseHostKey(keyText);
    if (!key) continue;
    if (marker !== 'none') return { kept: 'a marked line (an authority or a revocation) is about this name' };
    if (/[*?]|,.*,/.test(hosts)) return { kept: 'a line with a pattern or a list of names is about it' };
    isHashed ||= hosts.startsWith('|');
    if (among(wanted, key)) known.push(key);
    else if (!among(others, key)) outdated.push(key);
  }
  const unknown = wanted.filter(({ key }) => !known.some((one) => same(one, key)));
  if (unknown.length === 0 && outdated.length === 0) return { kept: 'everything already matches the server' };
  const elsewhere = files.flatMap(({ text }) => keysElsewhere(text, name));
  if (elsewhere.some((key) => among(wanted, key) || outdated.some((old) => same(old, key)))) {
    return { kept: 'one of the keys is on record under another name as well' };
  }
  return { unknown, outdated, isHashed };
}

/** The keys on record under other names. */
function keysElsewhere(text: string, name: string): PublicKey[] {
  return linesOf(text, name).flatMap(({ key, hosts, isOurs }) =>
    key && !isOurs && (!hosts.startsWith('|') || saltOf(hosts)) ? key : [],
  );
}

function linesOf(text: string, name: string) {
  const matcher = new HostMatcher(name);
  return text.split('\n').map((raw, index) => {
    const line = parseKnownHostsLine(raw, index + 1);
    const key = line && parseHostKey(line.keyText);
    return {
      raw,
      key,
      marker: line?.marker,
      hosts: line?.hosts ?? '',
      isOurs: line ? matcher.matches(line.hosts) : false,
    };
  });
}

interface Edit {
  name: string;
  /** What the file must contain; missing keys are added. */
  wanted: readonly ToldKey[];
  /** What it may contain. */
  others: readonly ToldKey[];
  hash: boolean;
}

/** Lines that are kept are not modified. Undefined if nothing changes. */
function edited(text: string, { name, wanted, others, hash }: Edit): string | undefined {
  const all = [...wanted, ...others];
  const lines = linesOf(text, name);
  const isOwn = ({ isOurs, marker, key }: (typeof lines)[number]) => isOurs && marker === 'none' && key;
  const stay = lines.filter((line) => !(isOwn(line) && line.key && !among(all, line.key)));
  const recorded = stay.filter(isOwn).flatMap(({ key }) => key ?? []);
  const missing = wanted.filter(({ key }) => !recorded.some((one) => same(one, key)));
  if (stay.length === lines.length && missing.length === 0) return undefined;
  const kept = stay.map(({ raw }) => raw).join('\n');
  const end = kept === '' || kept.endsWith('\n') ? '' : '\n';
  return kept + end + missing.map(({ blob }) => entryLine(name, blob, hash).toString('latin1')).join('');
}

/** How often a file is read again if another process changes it at the same time. */
const mostReadings = 5;

async function replaceFile(file: string, edit: (text: string) => string | undefined): Promise<void> {
  try {
    for (let reading = 1; reading <= mostReadings; reading++) {
      if (await replaceOnce(file, edit)) return;
    }
  } catch (error) {
    throw unusable(file, 'write', error);
  }
  throw unusable(file, 'write', new Error(`it changed ${mostReadings} times while it was being written`));
}

/** False if someone wrote to the file between our reading and our writing. */
async function replaceOnce(file: string, edit: (text: string) => string | undefined): Promise<boolean> {
  const before = await stat(file).catch(() => undefined);
  const [found] = await readKnownHostsFiles([file]);
  const text = found && edit(found.text);
  if (!before || text === undefined) return true;
  const temporary = `${file}.${randomUUID()}`;
  try {
    await write(temporary, text, before);
    await keepOld(file, `${file}.old`);
    const now = await stat(file);
    if (now.size !== before.size || now.mtimeMs !== before.mtimeMs || now.ino !== before.ino) return false;
    await rename(temporary, file);
    return true;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** For file systems without hard links, and users who may not link to a file that is not theirs. */
const withoutLinks = ['EPERM', 'EACCES', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'EXDEV'];

/** As in OpenSSH, `.old` is the old file itself and so keeps its owner; never written through a link placed there. */
async function keepOld(file: string, old: string): Promise<void> {
  await rm(old, { force: true });
  try {
    await link(file, old);
  } catch (error) {
    if (!withoutLinks.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await copyFile(file, old, constants.COPYFILE_EXCL);
  }
}

/** Readable by those who could read the file before, and nobody else. */
async function write(
  path: string,
  text: string,
  like: { mode: number; uid: number; gid: number },
): Promise<void> {
  const output = await open(path, 'wx', 0o600);
  try {
    await output.writeFile(text, 'latin1');
    const own = await output.stat();
    if (own.uid !== like.uid || own.gid !== like.gid) await output.chown(like.uid, like.gid);
    await output.chmod(like.mode & 0o777);
    await output.sync();
  } finally {
    await output.close();
  }
}

/** The most keys that a server may announce; a longer list is ignored. */
const mostKeys = 100;

/**
 * Sorts the keys that a server announced. Undefined if there is a duplicate, none or too many: they cannot all be its
 * own. Certificates, and keys of unknown types, are skipped.
 */
export function toldKeys(
  blobs: readonly Buffer[],
  isWanted: (type: string) => boolean,
): ToldKeys | undefined {
  const keys: ToldKey[] = [];
  for (const blob of blobs.slice(0, mostKeys + 1)) {
    const key = readPublicKey(blob);
    if (!key || key.certificate) continue;
    if (among(keys, key)) return undefined;
    keys.push({ blob, key });
  }
  if (keys.length === 0 || blobs.length > mostKeys) return undefined;
  const wanted = keys.filter(({ key }) => isWanted(key.type));
  return { wanted, others: keys.filter((key) => !wanted.includes(key)) };
}
