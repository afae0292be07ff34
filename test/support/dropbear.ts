import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { freePort, type Sshd } from './sshd.ts';

const run = promisify(execFile);

/** A dropbear that lets in the user of an OpenSSH server of ours, with the same key. */
export interface Dropbear extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly privateKey: string;
  readonly hostPublicKey: string;
}

export async function startDropbear(sshd: Sshd): Promise<Dropbear> {
  const folder = await mkdtemp(join(tmpdir(), 'dropbear-'));
  const hostKey = join(folder, 'host');
  const { stdout } = await run('dropbearkey', ['-t', 'ed25519', '-f', hostKey]);
  const port = await freePort();
  const keys = join(sshd.home, '.ssh');
  await mkdir(keys, { mode: 0o700 });
  await writeFile(join(keys, 'authorized_keys'), await readFile(`${sshd.privateKeyPath}.pub`), {
    mode: 0o600,
  });
  await run('chown', ['-R', `${sshd.username}:`, keys]);
  const dropbear = spawn('dropbear', ['-F', '-E', '-s', '-r', hostKey, '-p', `127.0.0.1:${port}`]);
  const log: string[] = [];
  dropbear.stderr.setEncoding('utf8').on('data', (text: string) => log.push(text));
  const close = async () => {
    dropbear.kill();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await expect.poll(() => log.join('')).toMatch(/Not backgrounding/);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    host: '127.0.0.1',
    port,
    username: sshd.username,
    privateKey: sshd.privateKey,
    hostPublicKey: /^(ssh-ed25519 \S+)/m.exec(stdout)?.[1] ?? '',
    [Symbol.asyncDispose]: close,
  };
}
