import type { Client } from 'ssh2';
import { equalInConstantTime } from '../../host-key/keys/fingerprint.ts';
import { resolveKeyType } from '../../host-key/keys/public-key.ts';
import { isSignedBy } from '../../host-key/keys/signature.ts';
import { MalformedWireData, WireReader } from '../../host-key/keys/wire-reader.ts';
import { wireString } from '../../host-key/keys/wire-string.ts';
import {
  applyUpdate,
  type KnownHostsUpdate,
  planUpdate,
  type ToldKey,
  type ToldKeys,
  toldKeys,
} from '../../host-key/known-hosts/update.ts';
import type { Log, LogRecord } from '../../options/types.ts';
import { printable } from '../../text/printable.ts';
import type { Where } from '../channels/link.ts';
import { askForProofs, sessionIdOf } from '../insides/key-exchange/further-host-keys.ts';

/** The key by which a server was trusted, and the entries that it may keep up to date because of that. */
interface TrustedServer {
  readonly key: Buffer;
  readonly entries: KnownHostsUpdate;
}

export interface UpdateSettings {
  readonly where: Where;
  readonly log: Log;
  /** Host key algorithms that this connection accepts. */
  readonly serverHostKey: readonly string[];
}

/**
 * OpenSSH's UpdateHostKeys: asks the server to prove those announced host keys that are new, then brings the entries of
 * known_hosts up to date. Never fails; problems go to `log`.
 */
export async function updateHostKeys(
  client: Client,
  data: Buffer,
  settings: UpdateSettings,
  trusted: TrustedServer,
): Promise<void> {
  const tell = teller(settings);
  try {
    const told = readTold(data, settings.serverHostKey);
    if (!told?.wanted.some(({ blob }) => equalInConstantTime(blob, trusted.key))) {
      return tell('warn', 'kept', 'the server announces host keys that cannot all be its own');
    }
    const plan = await planUpdate(trusted.entries, told);
    if (plan.kept !== undefined) return tell('debug', 'kept', plan.kept);
    const proven = await provenKeys(client, plan.unknown);
    if (!proven) return tell('warn', 'kept', 'the server did not prove that it has its new host keys');
    const wanted = told.wanted.filter((key) => !plan.unknown.includes(key) || proven.includes(key));
    const done = await applyUpdate(trusted.entries, { ...told, wanted }, proven);
    if ('kept' in done) return tell('debug', 'kept', done.kept);
    const learnt = done.learnt.length > 0 ? `learnt ${done.learnt.join(', ')}` : 'learnt none';
    tell('info', 'updated', `${learnt}; removed ${done.removed}`);
  } catch (error) {
    tell('warn', 'kept', printable((error as Error).message));
  }
}

function teller({ where, log }: UpdateSettings) {
  const texts = {
    updated: 'The host keys on record were brought up to date',
    kept: 'The host keys on record were left as they are',
  };
  return (level: LogRecord['level'], what: 'updated' | 'kept', why: string) =>
    log({ ...where, level, event: `host-keys-${what}`, message: `${texts[what]}: ${why}` });
}

function readTold(data: Buffer, algorithms: readonly string[]): ToldKeys | undefined {
  const types = new Set(algorithms.map((name) => resolveKeyType(name)?.type));
  const blobs = readStrings(data);
  return blobs && toldKeys(blobs, (type) => types.has(type));
}

/** Undefined unless the strings fill the data exactly. */
function readStrings(data: Buffer): Buffer[] | undefined {
  const reader = new WireReader(data);
  const strings: Buffer[] = [];
  try {
    while (!reader.atEnd) strings.push(reader.string());
    return strings;
  } catch (error) {
    if (error instanceof MalformedWireData) return undefined;
    throw error;
  }
}

/**
 * The keys whose private halves the server has: it sends one signature over the session for each. A wrong one
 * invalidates all, except for an RSA key signed with SHA-1, which is merely skipped, as in ssh.
 */
async function provenKeys(client: Client, keys: readonly ToldKey[]): Promise<ToldKey[] | undefined> {
  if (keys.length === 0) return [];
  const session = sessionIdOf(client);
  const answer =
    session &&
    (await askForProofs(
      client,
      keys.map(({ blob }) => blob),
    ));
  const signatures = answer && readStrings(answer);
  if (!session || signatures?.length !== keys.length) return undefined;
  const proven: ToldKey[] = [];
  for (const [index, key] of keys.entries()) {
    const signature = signatures[index]!;
    const parts = ['hostkeys-prove-00@openssh.com', session, key.blob];
    if (isSignedBy(key.blob, signature, Buffer.concat(parts.map(wireString)))) proven.push(key);
    else if (!isOldRsa(key, signature)) return undefined;
  }
  return proven;
}

function isOldRsa({ key }: ToldKey, signature: Buffer): boolean {
  return key.type === 'ssh-rsa' && signature.subarray(0, 11).equals(wireString('ssh-rsa'));
}
