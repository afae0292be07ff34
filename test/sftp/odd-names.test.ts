import { describe, expect, it } from 'vitest';
import { openSftpClient } from '../../src/sftp/client/client.ts';
import type { SftpOpener, SftpRequests } from '../../src/ssh2/sftp/requests.ts';
import type { SftpName } from '../../src/ssh2/sftp/wire.ts';
import type { WindowsFacts } from '../../src/windows/versions.ts';
import { rejection } from '../support/mock-sftp.ts';

/** A client of a server with one folder of such names, and what it is asked to remove. */
async function serverWith(names: readonly (string | Buffer)[], windows?: WindowsFacts) {
  const removed: unknown[] = [];
  let listing: SftpName[] | undefined = names.map((name) => ({
    raw: Buffer.from(name),
    name: name.toString(),
    attributes: { mode: 0o100644, size: 1 },
  }));
  const sftp: Partial<SftpRequests> = {
    windows,
    opendir: async () => Buffer.from('h'),
    closeHandle: async () => {},
    lstat: async () => ({ mode: 0o40755 }),
    // What is asked of Windows: a folder that leads nowhere else has no target.
    readLink: () => Promise.reject(new Error('not a link')),
    rmdir: async () => {},
    remove: async (path) => void removed.push(path),
    readdir: async () => {
      const all = listing;
      listing = undefined;
      return all;
    },
  };
  const opener: Partial<SftpOpener> = {
    where: { host: 'h', port: 22 },
    openSftp: async () => sftp as SftpRequests,
  };
  return { removed, client: await openSftpClient(opener as SftpOpener) };
}

describe('a recursive removal', () => {
  it('removes names that are invalid locally, byte for byte', async () => {
    const eucKr = Buffer.from([0xbc, 0xdb, 0xc0, 0xe5]);
    const { client, removed } = await serverWith([eucKr, 'a\\b', 'aux.txt', 'c:']);
    await client.remove('/d', { recursive: true });
    expect(removed).toEqual([Buffer.concat([Buffer.from('/d/'), eucKr]), '/d/a\\b', '/d/aux.txt', '/d/c:']);
  });

  it.each(['../x', 'a/b', '', 'a\0b'])(
    'rejects %j, which leads elsewhere, before removing anything',
    async (name) => {
      const { client, removed } = await serverWith(['good', name]);
      expect(await rejection(client.remove('/d', { recursive: true }))).toMatchObject({
        code: 'SSH_UNSAFE_REMOTE_PATH',
      });
      expect(removed).toEqual([]);
    },
  );

  it('rejects a backslash on Windows, where it is a separator', async () => {
    const { client } = await serverWith(['a\\b'], { maxPath: 260 } as WindowsFacts);
    expect(await rejection(client.remove('/d', { recursive: true }))).toMatchObject({
      code: 'SSH_UNSAFE_REMOTE_PATH',
    });
  });
});
