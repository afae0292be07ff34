import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { freePort, startSshd } from '../../support/sshd.ts';
import { type Account, run } from './account.ts';

export interface Server extends AsyncDisposable {
  readonly port: number;
  /** The folder that is used, as the server names it. */
  readonly base: string;
}

type Start = (account: Account, files: string) => Promise<Server>;

/** Every server that Debian offers, by its name; `files` is a folder that the account may write to. */
export const servers: Readonly<Record<string, Start>> = {
  OpenSSH: (account, files) => sshd(account, files, ['RekeyLimit 1M']),
  'OpenSSH, old settings': (account, files) =>
    sshd(account, files, [
      `HostKey ${account.rsaHostKey}`,
      'HostKeyAlgorithms rsa-sha2-256',
      'KexAlgorithms diffie-hellman-group14-sha256',
      'Ciphers aes128-ctr',
      'MACs hmac-sha2-256',
      'MaxSessions 1',
    ]),
  dropbear: async ({ folder }, files) => {
    const key = join(folder, 'dropbear');
    await run('dropbearkey', ['-t', 'ed25519', '-f', key]);
    const port = await freePort();
    return ownPort(['dropbear', '-F', '-E', '-r', key, '-p', `127.0.0.1:${port}`], port, files);
  },
  AsyncSSH: (account, files) => python('asyncssh_server.py', account, files),
  paramiko: (account, files) => python('paramiko_server.py', account, files),
  Go: async (account, files) => {
    const program = join(account.folder, 'go-server');
    const env = { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOFLAGS: '' };
    const source = join(import.meta.dirname, 'go_server.go');
    await run('go', ['build', '-o', program, source], {
      env: { ...env, GOCACHE: join(account.folder, 'gocache') },
    });
    return toldPort([program, ...facts(account, files)], files);
  },
  libssh: async (account, files) => {
    const { folder, username, password, hostKey, authorizedKeys } = account;
    const program = join(folder, 'libssh-server');
    const sample = '/usr/share/doc/libssh-dev/examples/ssh_server.c';
    await writeFile(join(folder, 'config.h'), '');
    const has = ['-DHAVE_ARGP_H', '-DHAVE_PTY_H', '-DHAVE_UTMP_H'];
    await run('cc', ['-w', ...has, `-I${folder}`, sample, '-o', program, '-lssh', '-lutil', '-lpthread']);
    const port = await freePort();
    const login = ['-u', username, '-P', password, '-a', authorizedKeys];
    return ownPort([program, '-k', hostKey, '-p', `${port}`, ...login, '127.0.0.1'], port, files);
  },
  TinySSH: async ({ folder }, files) => {
    const keys = join(folder, 'tinyssh');
    await run('tinysshd-makekey', [keys]);
    const args = ['-x', 'sftp=/usr/lib/openssh/sftp-server', keys];
    const sockets = new Set<Socket>();
    const inetd = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
      sockets.add(socket);
      const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'tinysshd', ...args], {
        stdio: [socket, socket, 'ignore'],
      });
      child.once('spawn', () => socket.destroy());
    });
    await new Promise<void>((resolve) => inetd.listen(0, '127.0.0.1', resolve));
    const { port } = inetd.address() as { port: number };
    const close = () => new Promise<void>((resolve) => inetd.close(() => resolve()));
    return { port, base: files, [Symbol.asyncDispose]: close };
  },
  Twisted: ({ hostKey, authorizedKeys, username, password }, files) => {
    const script = join(import.meta.dirname, 'twisted_server.py');
    return toldPort(
      ['/usr/bin/python3', '-W', 'ignore', script, hostKey, authorizedKeys, username, password],
      files,
    );
  },
  ProFTPD: async (account, files) => {
    const { folder, username, password, uid, gid, hostKey, home } = account;
    const { stdout: hash } = await run('openssl', ['passwd', '-6', password]);
    const users = join(folder, 'proftpd-users');
    const line = `${username}:${hash.trim()}:${uid}:${gid}::${home}:/bin/sh\n`;
    await writeFile(users, line, { mode: 0o600 });
    const keys = join(folder, 'proftpd-keys');
    await writeFile(keys, (await run('ssh-keygen', ['-e', '-f', account.authorizedKeys])).stdout);
    const port = await freePort();
    const config = join(folder, 'proftpd.conf');
    const lines = [
      'ModulePath /usr/lib/proftpd',
      'LoadModule mod_sftp.c',
      'ServerType standalone',
      'DefaultAddress 127.0.0.1',
      'SocketBindTight on',
      `Port ${port}`,
      `ScoreboardFile ${join(folder, 'scoreboard')}`,
      `PidFile ${join(folder, 'proftpd.pid')}`,
      `DelayTable none`,
      'WtmpLog off',
      'RequireValidShell off',
      'AuthOrder mod_auth_file.c',
      `AuthUserFile ${users}`,
      'AllowOverwrite on',
      'AllowStoreRestart on',
      'SFTPEngine on',
      `SFTPHostKey ${hostKey}`,
      'SFTPAuthMethods publickey password',
      `SFTPAuthorizedUserKeys file:${keys}`,
    ];
    await writeFile(config, `${lines.join('\n')}\n`, { mode: 0o600 });
    return ownPort(['proftpd', '-n', '-q', '-c', config], port, files);
  },
  MySecureShell: async (account, files) => {
    const config = join(account.folder, 'mysecureshell');
    const limits = ['LimitConnection 99', 'LimitConnectionByUser 99', 'LimitConnectionByIP 99'];
    const lines = ['<Default>', ...limits, `Home ${account.home}`, 'StayAtHome true', '</Default>'];
    await writeFile(config, `${lines.join('\n')}\n`);
    // It has one place for its settings, and one shared memory, whoever made it: this sshd has both to itself.
    const program = join(account.folder, 'mysecureshell-sshd');
    const mounted = `mount --bind ${config} /etc/ssh/sftp_config && exec /usr/sbin/sshd "$@"`;
    await writeFile(program, `#!/bin/sh\nexec unshare --mount --ipc sh -c '${mounted}' sshd "$@"\n`, {
      mode: 0o755,
    });
    return sshd(account, files, ['ForceCommand /usr/bin/mysecureshell -c sftp-server'], program);
  },
  rclone: async ({ authorizedKeys, username, password }, files) => {
    const port = await freePort();
    const login = ['--user', username, '--pass', password, '--authorized-keys', authorizedKeys];
    const how = [
      '--addr',
      `127.0.0.1:${port}`,
      '--config',
      '/dev/null',
      '--vfs-cache-mode',
      'off',
      '--dir-cache-time',
      '0s',
    ];
    return ownPort(['rclone', 'serve', 'sftp', files, ...how, ...login], port, '');
  },
};

async function sshd(
  account: Account,
  files: string,
  lines: readonly string[],
  program?: string,
): Promise<Server> {
  const config = [...lines, 'PasswordAuthentication yes', `AuthorizedKeysFile ${account.authorizedKeys}`];
  const server = await startSshd({ user: 'root', config, ...(program ? { program } : {}) });
  return { port: server.port, base: files, [Symbol.asyncDispose]: () => server.close() };
}

function facts({ hostKey, authorizedKeys, password }: Account, files: string): string[] {
  return [hostKey, authorizedKeys, files, password];
}

function python(script: string, account: Account, files: string): Promise<Server> {
  return toldPort(['/usr/bin/python3', join(import.meta.dirname, script), ...facts(account, files)], '');
}

/** It ends with the tests, however they end. */
function begin([...command]: readonly string[]) {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
  const log: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => log.push(text));
  return { child, log: () => log.join('') };
}

/** A server that prints its port. */
async function toldPort(command: readonly string[], base: string): Promise<Server> {
  const { child, log } = begin(command);
  await until(() => /^\d+$/m.test(log()), child, log);
  return { port: Number(/^\d+$/m.exec(log())?.[0]), base, [Symbol.asyncDispose]: () => end(child) };
}

async function ownPort(command: readonly string[], port: number, base: string): Promise<Server> {
  const { child, log } = begin(command);
  const listens = async () => {
    const { stdout } = await run('ss', ['-Hltn', `sport = :${port}`]);
    return stdout !== '';
  };
  await until(listens, child, log);
  return { port, base, [Symbol.asyncDispose]: () => end(child) };
}

async function until(isSo: () => boolean | Promise<boolean>, child: ChildProcess, log: () => string) {
  for (const last = Date.now() + 30_000; Date.now() < last && child.exitCode === null; ) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  child.kill('SIGKILL');
  throw new Error(`${child.spawnargs.slice(3).join(' ')} did not start:\n${log()}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** A folder of its own for each server. */
export async function folderFor(account: Account, name: string): Promise<string> {
  const path = join(account.home, `files-${name.replaceAll(/\W+/g, '-')}`);
  await mkdir(path);
  await run('chown', [`${account.username}:`, path]);
  return path;
}
