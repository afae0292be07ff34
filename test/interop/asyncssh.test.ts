import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectViaGateway } from '../../src/index.ts';

let folder: string;
let child: ChildProcess;
let port: number;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'asyncssh-'));
  await mkdir(join(folder, 'files'));
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'host')]);
  const script = join(import.meta.dirname, 'asyncssh-server.py');
  const args = [
    '--pdeathsig',
    'KILL',
    '/usr/bin/python3',
    script,
    join(folder, 'host'),
    join(folder, 'files'),
  ];
  child = spawn('setpriv', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout!, 'data');
  port = Number(String(line));
});
afterAll(async () => {
  child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

const connect = () =>
  connectViaGateway({
    ...{ host: '127.0.0.1', port, username: 'rpa', password: 'not asked for' },
    ...({ hostKey: 'insecure-accept-any', retry: false } as const),
  });

it('a server that asks for no proof lets us in', async () => {
  await using connection = await connect();
  expect(connection.serverVersion).toMatch(/^AsyncSSH_/);
});

it('a symbolic link is made where it was asked for, and points where it was told to', async () => {
  await writeFile(join(folder, 'files', 'target.txt'), 'what it points to');
  await using connection = await connect();
  const sftp = await connection.sftp();
  await sftp.symlink('target.txt', '/link.txt');
  expect(await readlink(join(folder, 'files', 'link.txt'))).toBe('target.txt');
  expect(await sftp.readFile('/link.txt')).toEqual(Buffer.from('what it points to'));
  await sftp.close();
});

it('a file arrives whole, both ways', async () => {
  const bytes = Buffer.alloc(3_000_001, 'asyncssh ');
  await using connection = await connect();
  await connection.upload(bytes, '/up.bin');
  await connection.download('/up.bin', join(folder, 'down.bin'));
  expect(execFileSync('cmp', [join(folder, 'files', 'up.bin'), join(folder, 'down.bin')]).length).toBe(0);
});
