import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TransferFailed } from '../../src/errors/index.ts';
import type { MockServerOptions, SftpFaults } from '../../src/mock-server/index.ts';
import type { TransferOptions } from '../../src/sftp/transfer/options.ts';
import { upload } from '../../src/sftp/up/upload.ts';
import { bytesOf, isPosix, localFolder, mockSftp } from '../support/mock-sftp.ts';

const openSsh = { ident: 'OpenSSH_9.2' };
/** A server of which nothing is known: its requests are not taken to be served in their order. */
const other = { ident: 'Other_1.0' };
const servers = [
  ['OpenSSH', openSsh],
  ['OpenSSH for Windows', { windows: { version: '9.5' } }],
  ['another server', other],
] as const satisfies readonly (readonly [string, MockServerOptions])[];

const contents = Array.from({ length: 9 }, (_, n) => bytesOf(n * 1_000, n + 1));

/** Sends a folder of small files, the first of which is empty, to a folder that is not there, or holds some of them. */
async function send(
  server: MockServerOptions,
  options: TransferOptions = {},
  old: readonly number[] = [],
  meanwhile?: (count: (op: string) => number) => Promise<void>,
) {
  const mock = await mockSftp(server);
  for (const n of old) mock.server.files.write(nameOf(n), `old ${n}`);
  await using local = await localFolder();
  await mkdir(join(local.path, 'deep'));
  for (const [n, content] of contents.entries())
    await writeFile(join(local.path, n % 2 ? 'deep' : '', `${n}.bin`), content);
  const count = (op: string) =>
    mock.server.journal.filter((entry) => entry.type === 'sftp' && entry.op === op).length;
  const [end] = await Promise.allSettled([
    upload(mock.opener, local.path, '/in', options),
    meanwhile?.(count),
  ]);
  const files = (ending: string) => mock.server.files.list().filter((path) => path.endsWith(ending));
  return { mock, end, count, files, [Symbol.asyncDispose]: mock.close };
}

const nameOf = (n: number) => `/in/${n % 2 ? 'deep/' : ''}${n}.bin`;

const closeFails: [string, SftpFaults, string] = [
  'a close fails',
  { failOp: { op: 'CLOSE' } },
  'the server refused close',
];

/** In a run against one version of Windows the others are not what it is about. */
const ofThisRun = servers.filter(([, server]) => isPosix || 'windows' in server);

describe.each(ofThisRun)('a folder of small files into a new folder on %s', (_name, server) => {
  it('is uploaded with five requests per file', async () => {
    await using sent = await send(server);
    expect(sent.end).toMatchObject({ status: 'fulfilled', value: { files: 9, bytes: 36_000 } });
    for (const [n, content] of contents.entries())
      expect(sent.mock.server.files.read(nameOf(n)).equals(content)).toBe(true);
    expect(sent.files('.part')).toEqual([]);
    // The empty one is not written.
    expect(['OPEN', 'WRITE', 'FSTAT', 'CLOSE', 'LSTAT'].map(sent.count)).toEqual([9, 8, 9, 9, 0]);
  });

  it.each<[string, SftpFaults, string]>([
    ['a write fails', { failOp: { op: 'WRITE', message: 'No space left on device' } }, 'No space left'],
    ['less is stored than was sent', { shortWrites: 10 }, 'the copy has 10 bytes'],
    // What stays open on Windows nobody can remove.
    ...('windows' in server ? [] : [closeFails]),
    ['no file may be opened', { failOp: { op: 'OPEN', status: 3 } }, 'the server refused open'],
  ])('leaves nothing if %s', async (_what, sftp, reason) => {
    await using sent = await send({ ...server, faults: { sftp } });
    const { reason: error } = sent.end as PromiseRejectedResult;
    expect(error).toBeInstanceOf(TransferFailed);
    expect(error.message).toContain(reason);
    expect(error.path).toContain('/in/');
    // The caller is told at once.
    await expect.poll(() => sent.files('.part')).toEqual([]);
    expect(sent.files('.bin').filter((path) => path !== nameOf(0))).toEqual([]);
  });

  it('replaces existing files, with their permissions if the server keeps any', async () => {
    await using sent = await send(server, {}, [1, 2, 4]);
    expect(sent.end).toMatchObject({ status: 'fulfilled', value: { files: 9, bytes: 36_000 } });
    for (const [n, content] of contents.entries())
      expect(sent.mock.server.files.read(nameOf(n)).equals(content)).toBe(true);
    expect(sent.files('.part')).toEqual([]);
    expect(['OPEN', 'WRITE', 'FSTAT', 'CLOSE'].map(sent.count)).toEqual([9, 8, 9, 9]);
    expect(sent.count('FSETSTAT')).toBe('windows' in server ? 0 : 3);
  });

  it('keeps the old files if a write fails', async () => {
    const faults = { sftp: { failOp: { op: 'WRITE' } } } as const;
    await using sent = await send({ ...server, faults }, {}, [1, 2, 4]);
    expect(sent.end.status).toBe('rejected');
    await expect.poll(() => sent.files('.part')).toEqual([]);
    for (const n of [1, 2, 4]) expect(sent.mock.server.files.read(nameOf(n)).toString()).toBe(`old ${n}`);
  });

  it('sets the attributes of preserve before a file is renamed', async () => {
    await using sent = await send(server, { preserve: true });
    expect(sent.end).toMatchObject({ status: 'fulfilled', value: { files: 9 } });
    expect(sent.count('FSETSTAT')).toBe(9);
  });

  it('retries a file that could not be opened', async () => {
    await using sent = await send({ ...server, faults: { sftp: { failOp: { op: 'OPEN', nth: 3 } } } });
    expect(sent.end).toMatchObject({ status: 'fulfilled', value: { files: 9 } });
    expect([...sent.files('.bin'), ...sent.files('.part')]).toHaveLength(9);
  });

  it('uses another kind of rename if the first was refused', async () => {
    // The first extended request is for the limits.
    await using sent = await send({ ...server, faults: { sftp: { failOp: { op: 'EXTENDED', nth: 2 } } } });
    expect(sent.end).toMatchObject({ status: 'fulfilled', value: { files: 9 } });
    expect([...sent.files('.bin'), ...sent.files('.part')]).toHaveLength(9);
  });

  it('checks the size in another way if FSTAT does not report it', async () => {
    await using sent = await send({ ...server, faults: { sftp: { failOp: { op: 'FSTAT', status: 3 } } } });
    expect(sent.end).toMatchObject({ status: 'fulfilled', value: { files: 9 } });
    expect(sent.count('STAT')).toBe(9);
  });

  it('rejects at once on an abort, without waiting for replies', async () => {
    const stop = new AbortController();
    const hanging = { ...server, faults: { sftp: { hangOp: { op: 'WRITE' } } } } as const;
    // Only where requests are served in their order the size is asked for and the file closed behind a write.
    const asked = server === other ? 1 : 9;
    await using sent = await send(hanging, { signal: stop.signal }, [], async (count) => {
      await expect.poll(() => [count('WRITE'), count('FSTAT')], { timeout: 10_000 }).toEqual([8, asked]);
      stop.abort(new Error('enough'));
    });
    expect(sent.end).toMatchObject({ status: 'rejected', reason: { message: 'enough' } });
    expect(sent.count('FSTAT')).toBe(asked);
    expect(sent.files('.bin').filter((path) => path !== nameOf(0))).toEqual([]);
  });
});
