import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSftpClient } from '../../src/sftp/client/client.ts';
import { download } from '../../src/sftp/down/download.ts';
import { lastingTempName } from '../../src/sftp/names/temp-name.ts';
import { upload } from '../../src/sftp/up/upload.ts';
import { sftpOpener } from '../../src/ssh2/sftp/opener.ts';
import type { SftpOpener } from '../../src/ssh2/sftp/requests.ts';
import { bytesOf, localFolder, rejection } from '../support/mock-sftp.ts';
import { openLink } from '../support/open-link.ts';
import { type Sshd, startSshd } from '../support/sshd.ts';

const MiB = 1024 * 1024;
const runFile = promisify(execFile);
const uploader = join(resolve('node_modules'), `.upload-${process.pid}.mjs`);
let sshd: Sshd;

beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(async () => {
  await sshd?.close();
  await rm(uploader, { force: true });
});

/** A link to the real server, with commands for checksums run there by this machine's shell. */
async function connect(options: { withRun: boolean }) {
  const plain = await openLink(sshd);
  const run = async (command: string) => {
    const { stdout } = await runFile('sh', ['-c', command], { cwd: sshd.home });
    return { exitCode: 0, stdout };
  };
  const opener: SftpOpener = sftpOpener(plain.link, options.withRun ? { run } : {});
  return { ...plain, opener, [Symbol.asyncDispose]: plain.close };
}

/** 200 files: every border of a request or window that there is, the rest by chance; names of all kinds. */
async function writeRandomTree(root: string): Promise<void> {
  const borders = [0, 1, 2, 4095, 4096, 31_744, 32_768, 131_072, 131_073, 260_096, 261_119, 261_120, 261_121];
  const windows = [
    522_240,
    MiB - 1,
    MiB,
    MiB + 1,
    2 * MiB - 1,
    2 * MiB,
    2 * MiB + 1,
    4 * MiB,
    16 * MiB,
    20 * MiB,
  ];
  const sizes = [...borders, ...windows];
  const names = [
    'with space',
    `quote's "double"`,
    '한글 파일',
    '🙂',
    '-rf',
    '--help',
    'n'.repeat(200),
    '$(id)',
    '`id`',
    '*?[x]',
    '..dots',
    '.hidden',
    'tab\there',
    '%PATH%',
    '#',
  ];
  for (let at = 0; at < 200; at++) {
    const folder = join(root, `folder ${at % 7}`, at % 3 === 0 ? '하위' : '');
    await mkdir(folder, { recursive: true });
    const base = names[at % names.length] as string;
    const name = at < names.length ? base : `${base.slice(0, 190)} ${at}`;
    const size = sizes[at] ?? (at * 7_919_111) % (at % 10 === 0 ? 3 * MiB : 60_000);
    const path = join(folder, name);
    await writeFile(path, bytesOf(size, at + 1));
    await chmod(path, at % 2 ? 0o640 : 0o755);
  }
}

async function sums(root: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const { mode } = await stat(path);
    found.set(path.slice(root.length), `${(mode & 0o777).toString(8)} ${await sum(path)}`);
  }
  return found;
}

async function sum(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

describe('transfers with OpenSSH', () => {
  it('move 200 files of all sizes and names up and down, identical', async () => {
    await using folder = await localFolder();
    await using connection = await connect({ withRun: false });
    const [source, back] = [join(folder.path, 'source'), join(folder.path, 'back')];
    await writeRandomTree(source);
    const up = await upload(connection.opener, source, 'up/there', { preserve: true });
    const down = await download(connection.opener, 'up/there', back, { preserve: true });
    expect(up.files).toBe(200);
    expect(down).toMatchObject({ files: 200, bytes: up.bytes });
    const expected = await sums(source);
    expect(expected.size).toBe(200);
    expect(await sums(join(sshd.home, 'up/there'))).toEqual(expected);
    expect(await sums(back)).toEqual(expected);
  });

  it("verify the copy with the server's own checksum", async () => {
    await using folder = await localFolder();
    await using connection = await connect({ withRun: true });
    const path = join(folder.path, "it's a file");
    await writeFile(path, bytesOf(3 * MiB));
    await upload(connection.opener, path, "it's a file", { verify: 'sha256' });
    await download(connection.opener, "it's a file", join(folder.path, 'back'), { verify: 'sha256' });
    expect(await sum(join(folder.path, 'back'))).toBe(await sum(path));
  });

  it('refuse what the account may not do, and leave nothing', async () => {
    await using connection = await connect({ withRun: false });
    const error = await rejection(upload(connection.opener, Buffer.from('x'), '/etc/not-mine'));
    expect(error).toMatchObject({ code: 'SSH_TRANSFER_FAILED', cause: { status: 3, operation: 'open' } });
    expect(await rejection(stat('/etc/not-mine'))).toMatchObject({ code: 'ENOENT' });
  });

  it('read files that the kernel makes up, whose size is told as 0', async () => {
    await using folder = await localFolder();
    await using connection = await connect({ withRun: false });
    await download(connection.opener, '/proc/cpuinfo', join(folder.path, 'cpuinfo'));
    expect(await readFile(join(folder.path, 'cpuinfo'), 'utf8')).toContain('processor');
  });

  it('take a file that grows as it was at the start', async () => {
    await using folder = await localFolder();
    await using connection = await connect({ withRun: false });
    const path = join(sshd.home, 'growing');
    await writeFile(path, bytesOf(30 * MiB));
    const growing = await open(path, 'a');
    const onProgress = () => growing.write(bytesOf(100_000));
    await download(connection.opener, 'growing', join(folder.path, 'f'), { onProgress });
    await growing.close();
    const got = await readFile(join(folder.path, 'f'));
    expect(got.equals((await readFile(path)).subarray(0, got.length))).toBe(true);
    expect(got.length).toBeGreaterThanOrEqual(30 * MiB);
  });

  it('work through the promise client', async () => {
    await using connection = await connect({ withRun: false });
    await using sftp = await openSftpClient(connection.opener);
    await sftp.mkdir('client/a/b', { recursive: true });
    await sftp.writeFile('client/a/file', 'content', { mode: 0o600 });
    await sftp.symlink('file', 'client/a/link');
    expect(await sftp.readLink('client/a/link')).toBe('file');
    expect(await sftp.readFile('client/a/link', { encoding: 'utf8' })).toBe('content');
    await sftp.hardLink('client/a/file', 'client/second');
    expect((await stat(join(sshd.home, 'client/second'))).nlink).toBe(2);
    await sftp.remove('client/second');
    await sftp.copy('client/a/file', 'client/copy');
    await sftp.rename('client/copy', 'client/a/file');
    expect((await sftp.list('client/a')).map(({ name }) => name)).toEqual(['b', 'file', 'link']);
    expect(await sftp.realPath('client/../client')).toBe(join(sshd.home, 'client'));
    await sftp.remove('client', { recursive: true });
    expect(await sftp.exists('client')).toBe(false);
  });

  it('wait in line when MaxSessions are in use', async () => {
    await using small = await startSshd({ config: ['MaxSessions 2'] });
    const plain = await openLink(small);
    const opener = sftpOpener(plain.link);
    const all = Array.from({ length: 20 }, (_, at) => upload(opener, bytesOf(50_000, at + 1), `f${at}`));
    await Promise.all(all);
    for (let at = 0; at < 20; at++) {
      expect((await readFile(join(small.home, `f${at}`))).equals(bytesOf(50_000, at + 1))).toBe(true);
    }
    await plain.close();
  });
});

describe('an upload whose process is killed', () => {
  it.each([true, false])(
    'is completed by resume, and sends what was missing (checksums by command: %s)',
    async (withRun) => {
      await using folder = await localFolder();
      const size = 200 * MiB;
      const path = join(folder.path, 'big');
      const block = bytesOf(MiB);
      const file = await open(path, 'w');
      for (let at = 0; at < size / MiB; at++) {
        block.writeUInt32BE(at, 0);
        await file.write(block);
      }
      await file.close();
      const name = `killed-${withRun}`;
      const temporary = join(sshd.home, lastingTempName(name));
      const child = await startUpload(folder.path, path, name);
      await sizeReaches(temporary, 60 * MiB);
      child.kill('SIGKILL');
      await new Promise((done) => child.once('exit', done));
      const there = await settledSize(temporary);
      expect(there).toBeLessThan(size);
      await using connection = await connect({ withRun });
      const result = await upload(connection.opener, path, name, { resume: true });
      expect(await sum(join(sshd.home, name))).toBe(await sum(path));
      expect(result.bytes).toBeLessThan(size - there + 5 * MiB);
      expect((await readdir(sshd.home)).filter((found) => found.endsWith('.part'))).toEqual([]);
    },
  );
});

/** Another process that uploads, made of the same sources. */
async function startUpload(folder: string, path: string, name: string): Promise<ChildProcess> {
  await build({
    stdin: {
      resolveDir: resolve('test/interop'),
      loader: 'ts',
      contents: `
        import { upload } from '../../src/sftp/up/upload.ts';
        import { sftpOpener } from '../../src/ssh2/sftp/opener.ts';
        import { openLink } from '../support/open-link.ts';
        const [server, path, name] = JSON.parse(process.env.UPLOAD);
        const plain = await openLink(server);
        await upload(sftpOpener(plain.link), path, name);
      `,
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    outfile: uploader,
  });
  const { host, port, username, privateKey } = sshd;
  const UPLOAD = JSON.stringify([{ host, port, username, privateKey }, path, name]);
  return spawn(process.execPath, [uploader], {
    env: { ...process.env, UPLOAD },
    stdio: 'inherit',
    cwd: folder,
  });
}

async function sizeReaches(path: string, bytes: number): Promise<void> {
  await expect
    .poll(async () => (await stat(path).catch(() => ({ size: 0 }))).size, { interval: 2, timeout: 30_000 })
    .toBeGreaterThan(bytes);
}

/** The server still writes what it had received. */
async function settledSize(path: string): Promise<number> {
  for (let before = -1; ; ) {
    const { size } = await stat(path);
    if (size === before) return size;
    before = size;
    await new Promise((done) => setTimeout(done, 300));
  }
}
