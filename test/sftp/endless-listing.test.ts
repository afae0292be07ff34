import { describe, expect, it } from 'vitest';
import { SftpFailed } from '../../src/errors/index.ts';
import { openSftpClient } from '../../src/sftp/client/client.ts';
import type { SftpOpener, SftpRequests } from '../../src/ssh2/sftp/requests.ts';
import type { SftpName } from '../../src/ssh2/sftp/wire.ts';
import { rejection } from '../support/mock-sftp.ts';

const file = (name: string, size = 1): SftpName => ({
  ...{ name, raw: Buffer.from(name) },
  attributes: { mode: 0o100644, size },
});

/** A client of a server whose folder lists what `reply` gives for the n-th request; undefined is the end. */
async function listing(reply: (n: number) => SftpName[] | undefined) {
  const made = { asked: 0, removed: [] as string[] };
  const sftp: Partial<SftpRequests> = {
    opendir: async () => Buffer.from('h'),
    closeHandle: async () => {},
    lstat: async () => ({ mode: 0o40755 }),
    rmdir: async (path) => void made.removed.push(String(path)),
    remove: async (path) => void made.removed.push(String(path)),
    readdir: (_handle) =>
      new Promise((resolve) => {
        const n = made.asked++;
        setImmediate(() => resolve(reply(n)));
      }),
  };
  const opener: Partial<SftpOpener> = {
    where: { host: 'h', port: 22 },
    openSftp: async () => sftp as SftpRequests,
  };
  return Object.assign(made, { client: await openSftpClient(opener as SftpOpener) });
}

describe('a listing', () => {
  it("ends at a reply without names, as in OpenSSH's client", async () => {
    const { client } = await listing((n) => (n === 0 ? [file('a')] : []));
    expect(await client.list('/d')).toMatchObject([{ name: 'a' }]);
  });

  it('uses the last of two entries with the same name, since the folder may change', async () => {
    const replies = [[file('a', 1), file('b', 2)], [file('a', 3)]];
    const { client } = await listing((n) => replies[n]);
    expect(await client.list('/d')).toMatchObject([
      { name: 'a', size: 3 },
      { name: 'b', size: 2 },
    ]);
  });

  it.each([
    ['new names', (n: number) => [file(`f${n}`)]],
    ['one name', () => [file('a')]],
    ['dots', () => [file('.'), file('..')]],
    ['long names', (n: number) => [file(`${n}${'x'.repeat(60_000)}`)]],
  ])('that never ends, with %s, is an error', async (_, reply) => {
    const { client } = await listing(reply);
    const error = await rejection(client.list('/d\n\u001b'));
    expect(error).toBeInstanceOf(SftpFailed);
    expect(error).toMatchObject({ operation: 'readdir', path: '/d\\n\\x1b', host: 'h', port: 22 });
    expect((error as Error).message).toMatch(
      /^SFTP readdir of "\/d\\n\\x1b" on h:22 failed: the listing does not end/,
    );
  });

  it.each(['list', 'remove'] as const)('is not continued after an abort of %s', async (call) => {
    const stop = new AbortController();
    const made = await listing((n) => {
      if (n === 40) stop.abort(new Error('enough'));
      return [file(`f${n}`)];
    });
    const options = { signal: stop.signal, ...(call === 'remove' && { recursive: true }) };
    await expect(made.client[call]('/d', options)).rejects.toThrow('enough');
    const { asked } = made;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(made.asked - asked).toBeLessThanOrEqual(4);
    expect(made.removed).toEqual([]);
  });

  it('does not lead to more removals after an abort', async () => {
    const stop = new AbortController();
    const made = await listing((n) =>
      n === 0 ? Array.from({ length: 200 }, (_, at) => file(`f${at}`)) : undefined,
    );
    const { push } = made.removed;
    made.removed.push = (path) => {
      if (made.removed.length === 64) stop.abort(new Error('enough'));
      return push.call(made.removed, path);
    };
    const removing = made.client.remove('/d', { signal: stop.signal, recursive: true });
    await expect(removing).rejects.toThrow('enough');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(made.removed.length).toBeLessThan(150);
  });
});
