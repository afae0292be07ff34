import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { finished, pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import type { MockWindowsVersion } from '../../src/mock-server/index.ts';
import { openSftpClient } from '../../src/sftp/client/client.ts';
import { download } from '../../src/sftp/down/download.ts';
import { upload } from '../../src/sftp/up/upload.ts';
import { bytesOf, localFolder, mockSftp, rejection } from '../support/mock-sftp.ts';

const MiB = 1024 * 1024;
const posixRename = 'posix-rename@openssh.com';
const target = '/C:/rpa/in.json';
const on = (version: MockWindowsVersion, more: object = {}) => mockSftp({ windows: { version }, ...more });
/** Holds what a client is about to rename, as soon as it has asked to replace a file with it. */
async function holdTemporary({ server }: Awaited<ReturnType<typeof on>>, ms?: number): Promise<void> {
  const entry = await server.waitFor((entry) => entry.type === 'sftp' && entry.target === target);
  if (entry.type === 'sftp') server.hold(entry.path ?? '', ms);
}
/** What stands in the folder of the target. */
const left = (mock: Awaited<ReturnType<typeof on>>) => mock.server.files.list('/C:/rpa');

describe.each(['7.7', '8.1', '8.6', '9.5', '9.8'] as const)('files on Windows %s', (version) => {
  it('may have any size, from any source', async () => {
    await using mock = await on(version);
    await using folder = await localFolder();
    const { files } = mock.server;
    files.mkdir('/C:/rpa');
    const content = bytesOf(1_000_000);
    await writeFile(join(folder.path, 'f'), content);
    await upload(mock.opener, join(folder.path, 'f'), 'C:\\rpa\\송장.bin');
    await upload(mock.opener, bytesOf(102_401), 'C:\\rpa\\buffer');
    await upload(mock.opener, Readable.from([content]), 'C:\\rpa\\stream');
    await using sftp = await openSftpClient(mock.opener);
    await sftp.writeFile('C:\\rpa\\whole', content);
    await pipeline(Readable.from([content]), sftp.createWriteStream('C:\\rpa\\written'));
    for (const name of ['송장.bin', 'stream', 'whole', 'written'])
      expect(files.read(`C:\\rpa\\${name}`).equals(content), name).toBe(true);
    expect(files.stat('C:\\rpa\\buffer').size).toBe(102_401);
    expect((await sftp.readFile('C:\\rpa\\whole')).equals(content)).toBe(true);
  });

  it('are read with one request for each block', async () => {
    await using mock = await on(version);
    await using folder = await localFolder();
    mock.server.files.write(target, bytesOf(MiB));
    await download(mock.opener, target, join(folder.path, 'f'));
    const reads = mock.server.journal.filter((entry) => entry.type === 'sftp' && entry.op === 'READ');
    expect(reads.length).toBeLessThanOrEqual(Math.ceil(MiB / 102_400) + 1);
  });

  it('are resumed after a lost connection, by reading back', async () => {
    await using mock = await on(version, {
      faults: { cut: { direction: 'toServer', atByte: MiB, how: 'rst' } },
    });
    const content = bytesOf(2 * MiB);
    mock.server.files.mkdir('/C:/rpa');
    await rejection(upload(mock.opener, content, target, { resume: true }));
    const [temporary = ''] = left(mock);
    await using again = await on(version);
    again.server.files.write(temporary, mock.server.files.read(temporary));
    const result = await upload(again.opener, content, target, { resume: true });
    expect(result.bytes).toBeLessThan(2 * MiB - 300_000);
    expect(left(again)).toEqual([target]);
    expect(again.server.files.read(target).equals(content)).toBe(true);
  });

  it('are replaced as soon as another program closes them', async () => {
    await using mock = await on(version);
    mock.server.files.write(target, 'old');
    mock.server.hold(target, 200);
    await upload(mock.opener, Buffer.from('new'), target);
    expect(mock.server.files.text(target)).toBe('new');
    expect(left(mock)).toEqual([target]);
  });

  it('have one name at each moment, even while another program has the renamed file open', async () => {
    await using mock = await on(version);
    mock.server.files.mkdir('/C:/rpa');
    const stop = new AbortController();
    const { signal } = stop;
    const failed = rejection(upload(mock.opener, Buffer.from('new'), target, { signal }));
    await holdTemporary(mock);
    const tries = () => mock.server.journal.filter((e) => e.type === 'sftp' && e.target === target).length;
    await expect.poll(tries).toBeGreaterThan(2);
    stop.abort(new Error('enough'));
    expect(await failed).toMatchObject({ message: 'enough' });
    expect(left(mock)).toEqual([expect.stringMatching(/\.part$/)]);
  });

  it('are read as soon as another program closes them', async () => {
    await using mock = await on(version);
    await using folder = await localFolder();
    mock.server.files.write(target, 'content');
    mock.server.hold(target, 200, { share: [] });
    await download(mock.opener, target, join(folder.path, 'f'));
    expect(await readFile(join(folder.path, 'f'), 'utf8')).toBe('content');
  });

  it('that are read-only are rejected with the reason before anything is sent', async () => {
    await using mock = await on(version);
    mock.server.files.write(target, 'old', { mode: 0o444 });
    for (const options of [{}, { resume: true }, { atomic: false }]) {
      const error = await rejection(upload(mock.opener, bytesOf(MiB), target, options));
      expect(error).toMatchObject({ code: 'SSH_TRANSFER_FAILED', transferred: 0 });
      expect(String(error)).toContain('read-only');
    }
    expect(left(mock)).toEqual([target]);
    expect(mock.server.files.text(target)).toBe('old');
  });

  it('become read-only with preserve once they have been renamed', async () => {
    await using mock = await on(version);
    await using folder = await localFolder();
    const path = join(folder.path, 'f');
    await writeFile(path, 'x', { mode: 0o444 });
    mock.server.files.mkdir('/C:/rpa');
    await upload(mock.opener, path, target, { preserve: true });
    expect(left(mock)).toEqual([target]);
    expect(mock.server.files.stat(target).mode & 0o200).toBe(0);
    await upload(mock.opener, path, '/C:/rpa/second');
    expect(mock.server.files.stat('/C:/rpa/second').mode & 0o200).toBe(0o200);
  });

  it.each(['real.txt', 'C:\\rpa\\real.txt', '\\\\?\\C:\\rpa\\real.txt', '/C:/rpa/real.txt'])(
    'behind a link to %s are replaced, and the link remains',
    async (link) => {
      await using mock = await on(version);
      mock.server.files.write('/C:/rpa/real.txt', 'old');
      mock.server.files.symlink(link, '/C:/rpa/link');
      await upload(mock.opener, Buffer.from('new'), 'C:\\rpa\\link');
      expect(mock.server.files.text('/C:/rpa/real.txt')).toBe('new');
      expect(mock.server.files.stat('/C:/rpa/link').type).toBe('symlink');
    },
  );

  it('behind a link to itself are an error at once', async () => {
    await using mock = await on(version);
    mock.server.files.symlink('/C:/rpa/b', '/C:/rpa/a');
    mock.server.files.symlink('/C:/rpa/a', '/C:/rpa/b');
    expect(String(await rejection(upload(mock.opener, bytesOf(9), '/C:/rpa/a')))).toContain('link');
    expect(left(mock)).toEqual(['/C:/rpa/a', '/C:/rpa/b']);
  });

  it('in a folder are removed with it, but not the targets of its links and junctions', async () => {
    await using mock = await on(version);
    const { files } = mock.server;
    files.write('/C:/kept/deep/a', 'a');
    files.write('/C:/rpa/d/e/b', 'b');
    files.symlink('\\??\\C:\\kept', '/C:/rpa/d/junction');
    files.symlink('\\??\\C:\\kept\\deep', '/C:/rpa/d/e/junction');
    files.symlink('\\??\\C:\\gone', '/C:/rpa/d/dangling');
    files.symlink('/C:/kept', '/C:/rpa/d/folder');
    files.symlink('/C:/kept/deep/a', '/C:/rpa/d/file');
    files.symlink('\\??\\C:\\kept', '/C:/junction');
    await using client = await openSftpClient(mock.opener);
    expect(await client.list('/C:/rpa/d')).toContainEqual(
      expect.objectContaining({ name: 'junction', type: 'directory' }),
    );
    await client.remove('/C:/rpa/d', { recursive: true });
    await client.remove('/C:/junction', { recursive: true });
    expect(left(mock)).toEqual([]);
    expect(files.has('/C:/junction')).toBe(false);
    expect(files.text('/C:/kept/deep/a')).toBe('a');
  });

  it('in a folder with links are downloaded', async () => {
    await using mock = await on(version);
    await using folder = await localFolder();
    mock.server.files.write('/C:/rpa/dir/real.txt', 'content');
    mock.server.files.symlink('C:\\RPA\\dir\\real.txt', '/C:/rpa/link.txt');
    await download(mock.opener, 'C:\\rpa', join(folder.path, 'here'));
    expect(await readFile(join(folder.path, 'here', 'link.txt'), 'utf8')).toBe('content');
  });

  it.each(['C:\\secret.txt', 'C:\\rpa', '..'])('in a folder with a link to %s are rejected', async (link) => {
    await using mock = await on(version);
    await using folder = await localFolder();
    mock.server.files.write('/C:/secret.txt', 'mine');
    mock.server.files.symlink(link, '/C:/rpa/link');
    const error = await rejection(download(mock.opener, 'C:\\rpa', join(folder.path, 'here')));
    expect(error).toMatchObject({ code: 'SSH_UNSAFE_REMOTE_PATH' });
    expect(await readdir(folder.path)).toEqual([]);
  });

  it.each([230, 246, 250, 257, 259])('with a path of %i characters are replaced', async (length) => {
    await using mock = await on(version);
    const folder = `/C:/${'d'.repeat(200)}/`;
    const path = `${folder}${'송'.repeat(length - folder.length + 1)}`;
    mock.server.files.write(path, 'old');
    await upload(mock.opener, Buffer.from('new'), path);
    expect(mock.server.files.list(folder)).toEqual([path]);
    expect(mock.server.files.text(path)).toBe('new');
  });

  it('with a path that is too long lead to an error that says so', async () => {
    await using mock = await on(version);
    const folder = `/C:/${'d'.repeat(200)}/`;
    mock.server.files.mkdir(folder);
    const error = await rejection(upload(mock.opener, Buffer.from('new'), folder + 'x'.repeat(90)));
    expect(error).toMatchObject({ hint: expect.stringContaining('too long') });
  });

  it('in a folder are rejected if Windows would change their names', async () => {
    await using mock = await on(version);
    await using folder = await localFolder();
    await mkdir(join(folder.path, 'd'));
    await writeFile(join(folder.path, 'd', 'nul.txt'), 'x');
    const error = await rejection(upload(mock.opener, join(folder.path, 'd'), 'C:\\rpa'));
    expect(error).toMatchObject({ code: 'SSH_UNSAFE_REMOTE_PATH' });
  });
});

describe('a name that Windows would not keep', () => {
  it('is rejected before any request', async () => {
    await using mock = await on('9.8');
    await using client = await openSftpClient(mock.opener);
    mock.server.files.write('/C:/rpa/a', 'old');
    const asked = () => mock.server.journal.filter((entry) => entry.type === 'sftp').length;
    const before = asked();
    for (const name of ['NUL', 'com1.txt', 'a.txt:b', 'a ', 'a.']) {
      const path = `/C:/rpa/${name}`;
      for (const refused of [
        () => upload(mock.opener, Buffer.from('x'), path),
        () => client.writeFile(path, 'x'),
        () => client.mkdir(path),
        () => client.rename('/C:/rpa/a', path),
        () => client.copy('/C:/rpa/a', path),
        async () => client.createWriteStream(path),
      ])
        await expect(refused(), name).rejects.toThrow(RangeError);
    }
    expect(asked()).toBe(before);
    expect(left(mock)).toEqual(['/C:/rpa/a']);
  });

  it('is allowed on other servers, and so are drives and `..`', async () => {
    await using posix = await mockSftp({ windows: false });
    await using there = await openSftpClient(posix.opener);
    await there.writeFile('/NUL', 'x');
    expect(posix.server.files.text('/NUL')).toBe('x');
    await using mock = await on('9.8');
    await using client = await openSftpClient(mock.opener);
    await client.mkdir('/C:/rpa/d/..', { recursive: true });
    await client.mkdir('C:\\', { recursive: true });
  });

  it('is rejected in a folder with two names that differ only in case, of which one would be lost', async () => {
    await using mock = await on('9.8');
    await using folder = await localFolder();
    for (const name of ['송장 A.txt', '송장 a.txt']) await writeFile(join(folder.path, name), name);
    expect(await rejection(upload(mock.opener, folder.path, 'C:\\rpa'))).toMatchObject({
      code: 'SSH_UNSAFE_REMOTE_PATH',
      reason: expect.stringContaining('in case only'),
    });
    expect(mock.server.files.list('/C:/rpa')).toEqual([]);
  });

  it('is no other name in a folder if only a longer word or another alphabet makes the two equal', async () => {
    await using mock = await on('9.8');
    await using folder = await localFolder();
    const names = ['Straße.csv', 'Strasse.csv', 'I.csv', 'ı.csv'];
    for (const name of names) await writeFile(join(folder.path, name), name);
    await upload(mock.opener, folder.path, 'C:\\rpa\\in');
    for (const name of names) expect(mock.server.files.text(`/C:/rpa/in/${name}`)).toBe(name);
  });
});

type Client = Awaited<ReturnType<typeof openSftpClient>>;
const inside = '/C:/rpa/d/in.json';

/** What the promise client does with a file that somebody has open, and what is left on the PC when it has. */
const calls: [string, (client: Client) => Promise<unknown>, string[]][] = [
  ['readFile', (client) => client.readFile(inside, { encoding: 'utf8' }), [inside]],
  ['writeFile', (client) => client.writeFile(inside, 'new'), [inside]],
  ['remove', (client) => client.remove(inside), []],
  ['remove, recursive', (client) => client.remove('/C:/rpa/d', { recursive: true }), []],
  ['rename', (client) => client.rename(inside, '/C:/rpa/d/other'), ['/C:/rpa/d/other']],
  ['copy', (client) => client.copy(inside, '/C:/rpa/d/other'), [inside, '/C:/rpa/d/other']],
  ['createReadStream', (client) => text(client.createReadStream(inside)), [inside]],
  ['createWriteStream', (client) => finished(client.createWriteStream(inside).end('new')), [inside]],
];

describe.each(calls)('the client’s %s', (name, call, after) => {
  it.each(['7.7', '9.8'] as const)('waits until another program closes the file, on %s', async (version) => {
    await using mock = await on(version);
    mock.server.files.write(inside, 'old');
    mock.server.hold(inside, 300, { share: [] });
    await using client = await openSftpClient(mock.opener);
    await call(client);
    expect(mock.server.files.list('/C:/rpa/d')).toEqual(after);
    if (name.includes('rite')) expect(mock.server.files.text(inside)).toBe('new');
  });
});

it('the client’s calls report that a file is open elsewhere, as retryable', async () => {
  const outcomes = calls.map(async ([, call]) => {
    await using mock = await on('9.5');
    mock.server.files.write(inside, 'old');
    mock.server.hold(inside, undefined, { share: [] });
    await using client = await openSftpClient(mock.opener);
    const error = await rejection(call(client));
    return { error, left: mock.server.files.list('/C:/rpa/d'), content: mock.server.files.text(inside) };
  });
  for (const { error, left, content } of await Promise.all(outcomes)) {
    expect(error).toMatchObject({
      code: 'SSH_SFTP_FAILED',
      message: expect.stringContaining('open in another program'),
      retryable: true,
    });
    expect({ left, content }).toEqual({ left: [inside], content: 'old' });
  }
});

describe('a permanent refusal', () => {
  const tries = (mock: Awaited<ReturnType<typeof on>>, op: string) =>
    mock.server.journal.filter((entry) => entry.type === 'sftp' && entry.op === op).length;

  it('is reported at once: a non-empty folder, a read-only file, an existing name', async () => {
    await using mock = await on('9.5');
    mock.server.files.write('/C:/rpa/d/x', '');
    mock.server.files.write('/C:/rpa/read-only', '', { mode: 0o444 });
    await using client = await openSftpClient(mock.opener);
    await rejection(client.remove('/C:/rpa/d'));
    await rejection(client.remove('/C:/rpa/read-only'));
    await rejection(finished(client.createWriteStream('/C:/rpa/d/x', { flags: 'wx' }).end('new')));
    expect([tries(mock, 'RMDIR'), tries(mock, 'REMOVE'), tries(mock, 'OPEN')]).toEqual([1, 1, 1]);
    expect(mock.server.files.text('/C:/rpa/d/x')).toBe('');
  });

  it('is not waited for after an abort', async () => {
    await using mock = await on('9.5');
    mock.server.files.write(inside, 'old');
    mock.server.hold(inside, undefined, { share: [] });
    await using client = await openSftpClient(mock.opener);
    const stop = new AbortController();
    const { signal } = stop;
    const working = [client.readFile(inside, { signal }), client.remove(inside, { signal })].map(rejection);
    const stream = client.createReadStream(inside);
    await expect.poll(() => Math.min(tries(mock, 'OPEN'), tries(mock, 'REMOVE'))).toBeGreaterThan(2);
    stop.abort(new Error('enough'));
    stream.destroy();
    expect(await Promise.all(working)).toMatchObject([{ message: 'enough' }, { message: 'enough' }]);
    await new Promise((resolve) => stream.once('close', resolve));
    const asked = [tries(mock, 'OPEN'), tries(mock, 'REMOVE')];
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect([tries(mock, 'OPEN'), tries(mock, 'REMOVE')]).toEqual(asked);
  });
});

describe('a file that another program keeps open', () => {
  it('is reported as such, as retryable, and nothing is left behind', async () => {
    const outcome = async (version: MockWindowsVersion) => {
      await using mock = await on(version);
      mock.server.files.write(target, 'old');
      mock.server.hold(target);
      const error = await rejection(upload(mock.opener, Buffer.from('new'), target));
      return { error, left: left(mock), text: mock.server.files.text(target) };
    };
    for (const { error, left, text } of await Promise.all([outcome('8.1'), outcome('9.5')])) {
      expect(error).toMatchObject({ code: 'SSH_TRANSFER_FAILED', retryable: true });
      expect((error as Error).message).toContain('open in another program');
      expect(error).toMatchObject({ hint: expect.stringContaining('try again later') });
      expect({ left, text }).toEqual({ left: [target], text: 'old' });
    }
  });

  it('is not waited for after an abort', async () => {
    await using mock = await on('9.5');
    mock.server.files.write(target, 'old');
    const release = mock.server.hold(target);
    const stop = new AbortController();
    const failed = rejection(upload(mock.opener, Buffer.from('new'), target, { signal: stop.signal }));
    const tries = () =>
      mock.server.journal.filter((entry) => entry.type === 'sftp' && entry.op === posixRename);
    await expect.poll(() => tries().length).toBeGreaterThan(1);
    stop.abort(new Error('enough'));
    expect(await failed).toMatchObject({ message: 'enough' });
    await expect.poll(() => left(mock)).toEqual([target]);
    release();
    expect(mock.server.files.text(target)).toBe('old');
  });
});

describe('a replace that fails halfway', () => {
  it('keeps the old file before 8.6, whose own replace would lose it', async () => {
    await using mock = await on('8.1', { faults: { sftp: { failOp: { op: 'EXTENDED', nth: 2 } } } });
    mock.server.files.write(target, 'old');
    await upload(mock.opener, Buffer.from('new'), target);
    expect(left(mock)).toEqual([target]);
    expect(mock.server.files.text(target)).toBe('new');
    // Refused, aside, the one that fails (it is not noted), back; then refused, aside, in place.
    const moved = mock.server.journal.flatMap((entry) =>
      entry.type === 'sftp' && entry.target ? [entry.target === target] : [],
    );
    expect(moved).toEqual([true, false, true, true, false, true]);
  });

  it('still renames the file if a server has removed the old file first', async () => {
    const windows = { version: '9.5', atomicRename: false } as const;
    await using mock = await mockSftp({ windows });
    mock.server.files.write(target, 'old');
    await Promise.all([upload(mock.opener, Buffer.from('new'), target), holdTemporary(mock, 300)]);
    expect(left(mock)).toEqual([target]);
    expect(mock.server.files.text(target)).toBe('new');
  });

  it('keeps the new file, and says where, if it cannot be renamed', async () => {
    const windows = { version: '9.5', atomicRename: false } as const;
    await using mock = await mockSftp({ windows });
    mock.server.files.write(target, 'old');
    const [failed] = await Promise.all([
      rejection(upload(mock.opener, Buffer.from('new'), target)),
      holdTemporary(mock),
    ]);
    const [kept = ''] = left(mock);
    expect(mock.server.files.text(kept)).toBe('new');
    expect(failed).toMatchObject({
      retryable: true,
      hint: expect.stringContaining(`The new file is complete under "${kept}"`),
    });
  });
});
