import { createHash } from 'node:crypto';
import { readOwnFile } from '../../files/own-file.ts';
import { defaultKnownHostsFiles } from '../../host-key/known-hosts/files.ts';
import type { ConnectOptions, KnownHostsOption } from '../library.ts';

/** A key that has just been recorded, and where. */
export interface NewRecord {
  file: string;
  fingerprint: string;
}

/**
 * Reads the file that `accept-new` writes to. Call the returned function later: it reports what has been added since.
 */
export async function watchRecord({
  hostKey,
}: ConnectOptions): Promise<() => Promise<NewRecord | undefined>> {
  const file = recordOf(hostKey);
  if (file === undefined) return async () => undefined;
  const before = await linesOf(file);
  return async () => {
    const added = (await linesOf(file)).slice(before.length).at(-1);
    return added === undefined ? undefined : { file, fingerprint: fingerprintOf(added) };
  };
}

function recordOf(hostKey: ConnectOptions['hostKey']): string | undefined {
  if (typeof hostKey !== 'object' || !('onUnknown' in hostKey) || hostKey.onUnknown !== 'accept-new')
    return undefined;
  const { knownHosts = defaultKnownHostsFiles() }: KnownHostsOption = hostKey;
  return typeof knownHosts === 'string' ? knownHosts : knownHosts[0];
}

async function linesOf(file: string): Promise<string[]> {
  const bytes = await readOwnFile(file, { most: 128 * 1024 * 1024 }).catch(() => Buffer.alloc(0));
  return bytes
    .toString('latin1')
    .split('\n')
    .filter((line) => line.trim() !== '');
}

/** The fingerprint of a line `NAME TYPE BASE64`, as OpenSSH shows it. */
function fingerprintOf(line: string): string {
  const blob = Buffer.from(line.split(' ')[2] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}
