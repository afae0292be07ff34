import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  defaultKnownHostsFiles,
  expandPath,
  knownHostsFilesOf,
  readKnownHostsFiles,
} from '../../src/host-key/known-hosts/files.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'known-hosts-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the default files are those of ssh', () => {
  expect(knownHostsFilesOf('linux', '/home/ann')).toEqual([
    '/home/ann/.ssh/known_hosts',
    '/home/ann/.ssh/known_hosts2',
    '/etc/ssh/ssh_known_hosts',
    '/etc/ssh/ssh_known_hosts2',
  ]);
  expect(knownHostsFilesOf('win32', 'C:\\Users\\ann', 'D:\\ProgramData')).toEqual([
    'C:\\Users\\ann\\.ssh\\known_hosts',
    'C:\\Users\\ann\\.ssh\\known_hosts2',
    'D:\\ProgramData\\ssh\\ssh_known_hosts',
    'D:\\ProgramData\\ssh\\ssh_known_hosts2',
  ]);
  expect(knownHostsFilesOf('win32')).toEqual([
    'C:\\ProgramData\\ssh\\ssh_known_hosts',
    'C:\\ProgramData\\ssh\\ssh_known_hosts2',
  ]);
  expect(defaultKnownHostsFiles()[0]).toBe(join(homedir(), '.ssh', 'known_hosts'));
});

test('a leading ~ is the home directory, any other ~ is literal', () => {
  expect(expandPath('file', '~/.ssh/known_hosts')).toBe(`${homedir()}/.ssh/known_hosts`);
  expect(expandPath('file', '/a/~/b')).toBe('/a/~/b');
});

test('a file is read correctly across chunk boundaries', async () => {
  const path = join(folder, 'bytes');
  const bytes = Buffer.alloc(700_000, Buffer.from(Array.from({ length: 256 }, (_, i) => i)));
  await writeFile(path, bytes);
  expect(await readKnownHostsFiles([path])).toEqual([{ path, text: bytes.toString('latin1') }]);
});

test('missing files are skipped', async () => {
  const file = join(folder, 'a-file');
  await writeFile(file, '');
  await symlink(join(folder, 'nowhere'), join(folder, 'dangling'));
  const missing = [
    join(folder, 'missing'),
    join(folder, 'no', 'folder'),
    join(file, 'below'),
    join(folder, 'dangling'),
  ];
  expect(await readKnownHostsFiles(missing)).toEqual([]);
});

test('/dev/null is an empty file', async () => {
  expect(await readKnownHostsFiles(['/dev/null'])).toEqual([{ path: '/dev/null', text: '' }]);
});

test('an existing file that cannot be read is an error that says which and why', async () => {
  const [asFolder, asPipe, asLoop] = [join(folder, 'folder'), join(folder, 'pipe'), join(folder, 'loop')];
  await mkdir(asFolder);
  execFileSync('mkfifo', [asPipe]);
  await symlink(asLoop, asLoop);
  const cases = [
    { path: asFolder, code: 'EISDIR' },
    { path: asPipe, code: 'EINVAL' },
    { path: asLoop, code: 'ELOOP' },
  ];
  for (const { path, code } of cases) {
    await expect(readKnownHostsFiles([path])).rejects.toMatchObject({
      message: expect.stringContaining(`Cannot read the known_hosts file ${JSON.stringify(path)}`),
      code,
      path,
      cause: expect.objectContaining({ code }),
    });
  }
});

test('an endless device is an error and does not exhaust memory', async () => {
  await expect(readKnownHostsFiles(['/dev/zero'])).rejects.toMatchObject({ code: 'EFBIG' });
});

test('a byte order mark is skipped, and UTF-16 is rejected with a hint', async () => {
  const path = join(folder, 'from-powershell');
  await writeFile(path, '\ufeffhost ssh-ed25519 AAAA\n');
  expect(await readKnownHostsFiles([path])).toEqual([{ path, text: 'host ssh-ed25519 AAAA\n' }]);
  for (const swap of [false, true]) {
    const bytes = Buffer.from('\ufeffhost ssh-ed25519 AAAA\n', 'utf16le');
    await writeFile(path, swap ? bytes.swap16() : bytes);
    await expect(readKnownHostsFiles([path])).rejects.toMatchObject({
      code: 'EILSEQ',
      message: expect.stringContaining('Out-File -Encoding ascii'),
    });
  }
});
