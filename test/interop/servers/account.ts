import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const run = promisify(execFile);

/** A user of this machine who logs in to every server, and what the servers need. */
export interface Account extends AsyncDisposable {
  readonly username: string;
  readonly password: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly privateKey: string;
  /** One line, in a file. */
  readonly authorizedKeys: string;
  /** A private key of type ed25519, and one of RSA. */
  readonly hostKey: string;
  readonly rsaHostKey: string;
  /** For what a server needs. */
  readonly folder: string;
}

export async function makeAccount(): Promise<Account> {
  // Not below /tmp, which others may write to: TinySSH takes no keys from there.
  const folder = await mkdtemp('/srv/svg-');
  await chmod(folder, 0o755);
  const home = join(folder, 'home');
  await mkdir(join(home, '.ssh'), { recursive: true, mode: 0o755 });
  const username = `svg-${randomBytes(5).toString('hex')}`;
  const password = randomBytes(8).toString('hex');
  const { stdout: hash } = await run('openssl', ['passwd', '-6', password]);
  await run('useradd', [
    '--no-create-home',
    '--home-dir',
    home,
    '--shell',
    '/bin/sh',
    '-p',
    hash.trim(),
    username,
  ]);
  const key = (name: string, ...kind: string[]) =>
    run('ssh-keygen', ['-q', '-N', '', '-f', join(folder, name), '-t', ...kind]);
  await Promise.all([key('client', 'ed25519'), key('host', 'ed25519'), key('rsa', 'rsa', '-b', '2048')]);
  const authorizedKeys = join(home, '.ssh', 'authorized_keys');
  await copyFile(join(folder, 'client.pub'), authorizedKeys);
  await run('chown', ['-R', `${username}:`, home]);
  await chmod(join(home, '.ssh'), 0o700);
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, username])).stdout)),
  );
  return {
    ...{ username, password, home, authorizedKeys, folder, uid: uid!, gid: gid! },
    privateKey: await readFile(join(folder, 'client'), 'utf8'),
    hostKey: join(folder, 'host'),
    rsaHostKey: join(folder, 'rsa'),
    async [Symbol.asyncDispose]() {
      await run('pkill', ['-KILL', '-u', username]).catch(() => {});
      await run('userdel', ['--force', username]).catch(() => {});
      await rm(folder, { recursive: true, force: true });
    },
  };
}
