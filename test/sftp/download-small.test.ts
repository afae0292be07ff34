import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { TransferFailed } from '../../src/errors/index.ts';
import type { MockServerOptions, SftpFaults } from '../../src/mock-server/index.ts';
import { download } from '../../src/sftp/down/download.ts';
import type { TransferOptions } from '../../src/sftp/transfer/options.ts';
import { bytesOf, isPosix, localFolder, mockSftp } from '../support/mock-sftp.ts';

const servers: readonly [string, MockServerOptions][] = [
  ['OpenSSH', { ident: 'OpenSSH_9.2' }],
  ['OpenSSH for Windows', { windows: { version: '9.5' } }],
  ['another server', { ident: 'Other_1.0' }],
];

const contents = Array.from({ length: 9 }, (_, n) => bytesOf((n + 1) * 1_000, n + 1));
const remote = (n: number) => `out/${n % 2 ? 'deep/' : ''}${n}.bin`;

/** Fetches a folder of small files to a folder that is not there, or that `prepare` makes. */
async function fetch(
  server: MockServerOptions,
  options: TransferOptions = {},
  prepare: (to: string, count: (op: string) => number) => Promise<void> = async () => {},
) {
  const mock = await mockSftp(server);
  const local = await localFolder();
  const root = server.windows ? '/C:/' : '/';
  for (const [n, content] of contents.entries()) mock.server.files.write(`${root}${remote(n)}`, content);
  const to = join(local.path, 'out');
  const count = (op: string) =>
    mock.server.journal.filter((entry) => entry.type === 'sftp' && entry.op === op).length;
  await prepare(to, count);
  const [end] = await Promise.allSettled([download(mock.opener, `${root}out`, to, options)]);
  const files = async () =>
    (await readdir(to, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const read = (n: number) => readFile(join(local.path, remote(n)));
  const dispose = async () => {
    await mock.close();
    await local[Symbol.asyncDispose]();
  };
  return { mock, end, to, count, files, read, [Symbol.asyncDispose]: dispose };
}

async function arrived({ end, files, read }: Awaited<ReturnType<typeof fetch>>) {
  expect(end).toMatchObject({ status: 'fulfilled', value: { files: 9, bytes: 45_000 } });
  for (const [n, content] of contents.entries()) expect((await read(n)).equals(content)).toBe(true);
  expect(await files()).toHaveLength(9);
}

/** In a run against one version of Windows the others are not what it is about. */
const ofThisRun = servers.filter(([, server]) => isPosix || 'windows' in server);

describe.each(ofThisRun)('a folder of small files from %s into a new folder', (_name, server) => {
  it('is downloaded with three requests per file', async () => {
    await using got = await fetch(server);
    await arrived(got);
    // On Windows the folder is opened too, while it is looked at; the close of two listings comes to those of the files.
    const opens = server.windows ? 10 : 9;
    expect(['OPEN', 'READ', 'FSTAT', 'LSTAT'].map(got.count)).toEqual([opens, 9, 0, 0]);
    await expect.poll(() => got.count('CLOSE')).toBe(11);
  });

  it('replaces existing files with their permissions, and does not write through links', async () => {
    let aside = '';
    await using got = await fetch(server, {}, async (to) => {
      aside = join(to, '../aside');
      await mkdir(to);
      await writeFile(join(to, '0.bin'), 'old', { mode: 0o600 });
      await writeFile(aside, 'aside');
      await symlink(aside, join(to, '2.bin'));
    });
    await arrived(got);
    expect((await stat(join(aside, '../out/0.bin'))).mode & 0o777).toBe(0o600);
    expect(await readFile(aside, 'utf8')).toBe('aside');
  });

  it('rejects a folder in place of a file before requesting the file', async () => {
    await using got = await fetch(server, {}, async (to) => {
      for (const n of contents.keys()) await mkdir(join(to, '..', remote(n)), { recursive: true });
    });
    const { message } = (got.end as PromiseRejectedResult).reason;
    expect(message).toMatch(/a folder is there; give the full path of the file$/);
    expect(got.count('READ')).toBe(0);
  });

  it('keeps times and permissions with preserve', async () => {
    await using got = await fetch(server, { preserve: true });
    await arrived(got);
    const { mtimeMs } = await stat(join(got.to, '0.bin'));
    expect(mtimeMs % 1_000).toBe(0);
  });

  it('is downloaded even if a reply is short', async () => {
    await using got = await fetch({ ...server, faults: { sftp: { shortReads: 300 } } });
    await arrived(got);
  });

  it('is downloaded even if the first open fails', async () => {
    await using got = await fetch({ ...server, faults: { sftp: { failOp: { op: 'OPEN', nth: 3 } } } });
    await arrived(got);
  });

  it.each<[string, SftpFaults, string]>([
    ['a read fails', { failOp: { op: 'READ', nth: 5, message: 'bad sector' } }, 'bad sector'],
    ['no file may be opened', { failOp: { op: 'OPEN', status: 3 } }, 'the server refused open'],
    ['a file is longer than the server tells', { lieSize: 900 }, 'it has more than the 900 bytes'],
    ['a file is shorter than the server tells', { lieSize: 90_000 }, 'it ended at byte'],
  ])('leaves no partial file if %s', async (_what, sftp, reason) => {
    await using got = await fetch({ ...server, faults: { sftp } });
    const { reason: error } = got.end as PromiseRejectedResult;
    expect(error).toBeInstanceOf(TransferFailed);
    expect(error.message).toContain(reason);
    await expect
      .poll(async () => (await got.files()).filter(({ name }) => !name.endsWith('.bin')))
      .toEqual([]);
    for (const { name } of await got.files())
      expect(await got.read(Number.parseInt(name, 10))).toEqual(contents[Number.parseInt(name, 10)]);
  });

  it('ends at once on an abort if the server does not answer, and releases the session', async () => {
    const stop = new AbortController();
    const options = { signal: stop.signal };
    const faults = { sftp: { hangOp: { op: 'READ' } } } as const;
    await using got = await fetch({ ...server, faults }, options, async (_to, count) => {
      const asked = vi.waitFor(() => expect(count('READ')).toBeGreaterThan(0), { timeout: 10_000 });
      asked.finally(() => stop.abort()).catch(() => {});
    });
    expect(got.end).toMatchObject({ status: 'rejected', reason: { name: 'AbortError' } });
    expect(got.count('READ')).toBeGreaterThan(0);
    await expect.poll(() => got.mock.link.slots.open).toBe(0);
    expect(await got.files()).toEqual([]);
  });
});
