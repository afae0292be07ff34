import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it, vi } from 'vitest';
import { ConnectionLost, SftpFailed } from '../../src/errors/index.ts';
import type { MockServerOptions, SftpOp } from '../../src/mock-server/index.ts';
import { openSftpClient } from '../../src/sftp/client/client.ts';
import type { SftpOpener } from '../../src/ssh2/sftp/requests.ts';
import { windowsVersions } from '../../src/windows/versions.ts';
import { bytesOf, isPosix, mockSftp, rejection } from '../support/mock-sftp.ts';

async function client(options: MockServerOptions = {}) {
  const mock = await mockSftp(options);
  const sftp = await openSftpClient(mock.opener);
  const { files } = mock.server;
  return { ...mock, files, sftp, [Symbol.asyncDispose]: mock.close };
}

describe('the SFTP client', () => {
  it.runIf(isPosix)('reports type, size, mode and times of files, folders and links', async () => {
    await using made = await client();
    const { sftp, files } = made;
    files.write('/d/file', 'four', { mode: 0o640, mtime: 1_600_000_000 });
    files.symlink('/d/file', '/d/link');
    const mtime = new Date(1_600_000_000_000);
    expect(await sftp.stat('/d/file')).toMatchObject({ type: 'file', size: 4, mode: 0o640, mtime });
    expect(await sftp.stat('/d/link')).toMatchObject({ type: 'file', size: 4 });
    expect(await sftp.lstat('/d/link')).toMatchObject({ type: 'symlink' });
    expect(await sftp.stat('/d')).toMatchObject({ type: 'directory' });
    const names = (await sftp.list('/d')).map(({ name, type }) => [name, type]);
    expect(names).toEqual([
      ['file', 'file'],
      ['link', 'symlink'],
    ]);
  });

  it('reports whether a path exists, and rejects if that cannot be determined', async () => {
    await using made = await client();
    const { sftp, files, server } = made;
    files.write('/there', 'x');
    expect(await sftp.exists('/there')).toBe(true);
    expect(await sftp.exists('/not/there')).toBe(false);
    server.dropAll('rst');
    expect(await rejection(sftp.exists('/there'))).toBeInstanceOf(ConnectionLost);
  });

  it.runIf(isPosix)('writes and reads whole files of any size', async () => {
    await using made = await client();
    const { sftp, files } = made;
    for (const size of [0, 1, 300_000, 9_000_000]) {
      const content = bytesOf(size);
      await sftp.writeFile('/f', content);
      expect(files.read('/f').equals(content)).toBe(true);
      expect((await sftp.readFile('/f')).equals(content)).toBe(true);
    }
    await sftp.writeFile('/text', '한글', { mode: 0o600 });
    expect(await sftp.readFile('/text', { encoding: 'utf8' })).toBe('한글');
    expect(files.stat('/text').mode & 0o777).toBe(0o600);
  });

  it('joins small replies: a file of many short replies is kept as few pieces', async () => {
    await using made = await client({ faults: { sftp: { shortReads: 7 } } });
    const content = bytesOf(60_000);
    made.files.write('/f', content);
    const concat = vi.spyOn(Buffer, 'concat');
    const read = await made.sftp.readFile('/f');
    const kept = concat.mock.calls
      .map(([pieces]) => pieces)
      .find((all) => Buffer.concat([...all]).equals(content));
    concat.mockRestore();
    expect(read.equals(content)).toBe(true);
    expect(kept?.length).toBeLessThan(5);
  });

  it('creates and removes folders', async () => {
    await using made = await client();
    const { sftp, files } = made;
    await sftp.mkdir('/a');
    expect(await rejection(sftp.mkdir('/a'))).toMatchObject({ operation: 'mkdir', path: '/a', status: 4 });
    await sftp.mkdir('/a/b/c', { recursive: true });
    await sftp.mkdir('/a/b/c', { recursive: true });
    files.write('/a/b/c/f', 'x');
    files.write('/elsewhere/keep', 'x');
    files.symlink('/elsewhere', '/a/link');
    expect(await rejection(sftp.remove('/a'))).toBeInstanceOf(SftpFailed);
    await sftp.remove('/a', { recursive: true });
    expect(files.has('/a')).toBe(false);
    expect(files.text('/elsewhere/keep')).toBe('x');
  });

  it.each(['/', '.', '..', './', '//'])('refuses to empty %s', async (path) => {
    await using made = await client();
    const { sftp } = made;
    expect(await rejection(sftp.remove(path, { recursive: true }))).toBeInstanceOf(RangeError);
  });

  it('renames over an existing file, and does nothing if a file is renamed to itself', async () => {
    for (const posix of [true, false]) {
      await using made = await client({ sftpExtensions: { 'posix-rename@openssh.com': posix } });
      const { sftp, files } = made;
      files.write('/a', 'new');
      files.write('/b', 'old');
      await sftp.rename('/a', '/a');
      expect(files.text('/a')).toBe('new');
      await sftp.rename('/a', '/b');
      expect(files.text('/b')).toBe('new');
      expect(files.list()).toEqual(['/b']);
      expect(await rejection(sftp.rename('/none', '/b'))).toMatchObject({ operation: 'rename', status: 2 });
      expect(files.text('/b')).toBe('new');
    }
  });

  it.runIf(isPosix)('changes modes, times and links', async () => {
    await using made = await client();
    const { sftp, files } = made;
    files.write('/f', 'x');
    await sftp.chmod('/f', 0o600);
    await sftp.utimes('/f', 1_500_000_000, new Date(1_600_000_000_999));
    expect(files.stat('/f')).toMatchObject({ mtime: 1_600_000_000 });
    expect(files.stat('/f').mode & 0o777).toBe(0o600);
    await sftp.chmod('/f', 0);
    expect(files.stat('/f').mode & 0o777).toBe(0);
    await sftp.symlink('/f', '/l');
    expect(await sftp.readLink('/l')).toBe('/f');
    expect(await sftp.realPath('/x/../f')).toBe('/f');
  });

  it.each([{}, ...windowsVersions.map((version) => ({ windows: { version } }))] as MockServerOptions[])(
    'creates a hard link on the server: %j',
    async (options) => {
      await using made = await client(options);
      const { sftp, files } = made;
      const [first, second] = options.windows ? ['C:\\first', 'C:\\second'] : ['/first', '/second'];
      files.write(first, 'one');
      await sftp.hardLink(first, second);
      await sftp.writeFile(second, 'changed');
      expect(files.read(first).toString()).toBe('changed');
      await sftp.remove(first);
      expect(await sftp.readFile(second, { encoding: 'utf8' })).toBe('changed');
      files.write(first, 'in the way');
      expect(await rejection(sftp.hardLink(second, first))).toMatchObject({
        operation: 'hardLink',
        status: 4,
      });
      expect(await rejection(sftp.hardLink(`${first}-not`, `${first}-2`))).toMatchObject({ status: 2 });
    },
  );

  it('does not request a hard link if the server does not support it', async () => {
    await using made = await client({ sftpExtensions: { 'hardlink@openssh.com': false } });
    const { sftp, files, server } = made;
    files.write('/first', 'one');
    const error = await rejection(sftp.hardLink('/first', '/second'));
    expect(error).toBeInstanceOf(SftpFailed);
    expect(error).toMatchObject({
      operation: 'hardLink',
      path: '/second',
      status: 8,
      reason: 'the server does not offer hardlink@openssh.com',
      hint: 'This server does not know the operation.',
      retryable: false,
    });
    const asked = server.journal.filter((entry) => entry.type === 'sftp' && 'name' in entry);
    expect(asked).toEqual([]);
    expect(files.list()).toEqual(['/first']);
  });

  it.each([true, false])('copies on the server (copy-data: %s)', async (offered) => {
    await using made = await client({ sftpExtensions: { 'copy-data': offered } });
    const { sftp, files } = made;
    const content = bytesOf(2_000_000);
    files.write('/from', content);
    files.write('/to', 'old');
    await sftp.copy('/from', '/to');
    expect(files.read('/to').equals(content)).toBe(true);
    expect(files.list()).toEqual(['/from', '/to']);
    expect(((await rejection(sftp.copy('/from', '/from'))) as Error).message).toContain('the same file');
    expect(files.read('/from').equals(content)).toBe(true);
  });

  it('reads and writes streams, ranges and appends', async () => {
    await using made = await client();
    const { sftp, files } = made;
    const content = bytesOf(3_000_000);
    await pipeline(
      Readable.from([content.subarray(0, 1_000_000), content.subarray(1_000_000)]),
      sftp.createWriteStream('/f'),
    );
    expect(files.read('/f').equals(content)).toBe(true);
    const pieces: Buffer[] = [];
    for await (const piece of sftp.createReadStream('/f')) pieces.push(piece);
    expect(Buffer.concat(pieces).equals(content)).toBe(true);
    const range: Buffer[] = [];
    for await (const piece of sftp.createReadStream('/f', { start: 10, end: 19 })) range.push(piece);
    expect(Buffer.concat(range).equals(content.subarray(10, 20))).toBe(true);
    await pipeline(Readable.from([Buffer.from('more')]), sftp.createWriteStream('/f', { flags: 'a' }));
    expect(files.read('/f').subarray(-4).toString()).toBe('more');
  });

  it('stops requesting data if a stream is not read', async () => {
    await using made = await client();
    const { sftp, files } = made;
    const content = bytesOf(12_000_000);
    files.write('/f', content);
    const stream = sftp.createReadStream('/f', { highWaterMark: 1_000_000 });
    stream.once('readable', () => {});
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(stream.readableLength).toBeLessThan(4_000_000);
    const pieces: Buffer[] = [];
    for await (const piece of stream) pieces.push(piece);
    expect(Buffer.concat(pieces).equals(content)).toBe(true);
  });

  it('reports errors through the stream', async () => {
    await using made = await client();
    const { sftp } = made;
    await expect(
      pipeline(sftp.createReadStream('/none'), async (source) => {
        for await (const _ of source);
      }),
    ).rejects.toMatchObject({ operation: 'open', status: 2 });
    await expect(pipeline(Readable.from(['x']), sftp.createWriteStream('/none/x'))).rejects.toMatchObject({
      status: 2,
    });
  });

  it.each([
    ['a path that is no string', (sftp: Client) => sftp.stat(7 as never), TypeError],
    ['an empty path', (sftp: Client) => sftp.list(''), RangeError],
    ['a path with NUL', (sftp: Client) => sftp.readFile('a\0b'), RangeError],
    ['a misspelt option', (sftp: Client) => sftp.stat('/x', { sginal: 1 } as never), TypeError],
    ['options that are null', (sftp: Client) => sftp.mkdir('/x', null as never), TypeError],
    ['a signal that is none', (sftp: Client) => sftp.list('/x', { signal: {} as never }), TypeError],
    ['a word for a flag', (sftp: Client) => sftp.remove('/x', { recursive: 'yes' as never }), TypeError],
    ['an unknown encoding', (sftp: Client) => sftp.readFile('/x', { encoding: 'x' as never }), TypeError],
    ['a wrong mode', (sftp: Client) => sftp.writeFile('/x', '', { mode: 0o10000 }), RangeError],
    ['half a byte', async (sftp: Client) => sftp.createReadStream('/x', { start: 0.5 }), RangeError],
    ['no room', async (sftp: Client) => sftp.createReadStream('/x', { highWaterMark: 0 }), RangeError],
    ['wrong flags', async (sftp: Client) => sftp.createWriteStream('/x', { flags: 'x' as never }), TypeError],
    ['a mode that is none', (sftp: Client) => sftp.chmod('/x', -1), RangeError],
    ['a time before 1970', (sftp: Client) => sftp.utimes('/x', -1, 0), RangeError],
    ['data of no kind', (sftp: Client) => sftp.writeFile('/x', 5 as never), TypeError],
  ])('rejects %s', async (_what, call, type) => {
    await using made = await client();
    expect(await rejection(call(made.sftp))).toBeInstanceOf(type);
  });

  it.each<[string, SftpOp, string, (sftp: Client) => Promise<unknown>]>([
    ['readFile', 'READ', '/there', (sftp) => sftp.readFile('/there')],
    ['writeFile', 'WRITE', '/new', (sftp) => sftp.writeFile('/new', 'x')],
    ['writeFile', 'CLOSE', '/new', (sftp) => sftp.writeFile('/new', 'x')],
    ['a readable', 'READ', '/there', (sftp) => sftp.createReadStream('/there').toArray()],
    ['a writable', 'WRITE', '/new', (sftp) => pipeline([Buffer.from('x')], sftp.createWriteStream('/new'))],
    ['a writable', 'CLOSE', '/new', (sftp) => pipeline([Buffer.from('x')], sftp.createWriteStream('/new'))],
    ['copy', 'READ', '/there', (sftp) => sftp.copy('/there', '/new')],
    ['copy', 'WRITE', '/new', (sftp) => sftp.copy('/there', '/new')],
  ])('names the file where a request by its handle fails: %s, %s', async (_what, op, path, call) => {
    const faults = { sftp: { failOp: { op, message: 'bad sector' } } };
    await using made = await client({ windows: false, sftpExtensions: { 'copy-data': false }, faults });
    made.files.write('/there', 'content');
    const error = (await rejection(call(made.sftp))) as SftpFailed;
    expect(error).toMatchObject({ operation: op.toLowerCase(), path, status: 4, reason: 'bad sector' });
    expect(error.message).toMatch(
      new RegExp(
        `^SFTP ${op.toLowerCase()} of "${path}" on 127.0.0.1:\\d+ failed: failure \\("bad sector"\\)$`,
      ),
    );
  });

  it('escapes text from the server', async () => {
    const message = `bad \u001b[2J\nforged line${'x'.repeat(100_000)}`;
    await using made = await client({ faults: { sftp: { failOp: { op: 'STAT', message } } } });
    const error = (await rejection(made.sftp.stat('/x'))) as SftpFailed;
    expect(error.message).not.toMatch(/[\u0000-\u001f]/);
    expect(error.message.length).toBeLessThan(1_000);
    expect(error.reason?.length).toBeLessThan(500);
  });

  it('rejects pending and later calls if it is closed or the connection is lost', async () => {
    for (const end of ['close', 'drop'] as const) {
      await using made = await client({ faults: { sftp: { hangOp: { op: 'STAT' } } } });
      const pending = Array.from({ length: 20 }, () => rejection(made.sftp.stat('/x')));
      if (end === 'close') await made.sftp.close();
      else made.server.dropAll('rst');
      const type = end === 'close' ? SftpFailed : ConnectionLost;
      for (const error of await Promise.all(pending)) expect(error).toBeInstanceOf(type);
      expect(await rejection(made.sftp.stat('/x'))).toBeInstanceOf(type);
      await made.sftp.close();
    }
  });

  it('rejects with signal.reason at once', async () => {
    await using made = await client({ faults: { sftp: { hangOp: { op: 'STAT' } } } });
    const reason = new Error('enough');
    const abort = new AbortController();
    setTimeout(() => abort.abort(reason), 20);
    expect(await rejection(made.sftp.stat('/x', { signal: abort.signal }))).toBe(reason);
  });
});

type Client = Awaited<ReturnType<typeof openSftpClient>>;

describe('the options of sftp()', () => {
  it.each([
    [{ requestTimeout: Number.NaN }, RangeError, /^option requestTimeout: NaN given; milliseconds/],
    [{ requestTimeout: -1 }, RangeError, /^option requestTimeout: -1 given; milliseconds/],
    [{ timeout: '5' }, TypeError, /^option timeout: '5' given; milliseconds/],
    [{ requestTimout: 5 }, TypeError, /^option requestTimout: .*did you mean requestTimeout/],
    [{ signal: {} }, TypeError, /^option signal: an object given; an AbortSignal/],
    [null, TypeError, /^options: null given/],
  ])('%j are rejected before anything opens', async (options, kind, message) => {
    const openSftp = vi.fn();
    const opened = openSftpClient({ openSftp } as unknown as SftpOpener, options as never);
    const error = await rejection(opened);
    expect(error).toBeInstanceOf(kind);
    expect((error as Error).message).toMatch(message);
    expect(openSftp).not.toHaveBeenCalled();
  });
});
