import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface SshdOptions {
  /** Lines of sshd_config; they come first and so win over the helper's own. */
  config?: readonly string[];
  /**
   * Who logs in: `root`, or (default) a user made for this server alone and removed with it. sshd before 9.8 does not
   * pass signals to the commands of root.
   */
  user?: 'root' | 'ordinary';
  /** The login shell of the user made for it. Default /bin/sh. */
  shell?: string;
  /** A network namespace to run in; then `address` too. */
  namespace?: string;
  /** Where to listen. Default 127.0.0.1; must be reachable from here. */
  address?: string;
  /** Default: a free one. */
  port?: number;
  /** Files with private keys to be used instead of a host key of its own; `hostPublicKey` is then none of them. */
  hostKeys?: readonly string[];
  /** The server itself. Default `/usr/sbin/sshd`. */
  program?: string;
}

/** A real OpenSSH server on a loopback port, with keys of its own. */
export interface Sshd extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  /** Logs `username` in; OpenSSH format. */
  readonly privateKey: string;
  readonly privateKeyPath: string;
  /** One line, as in known_hosts after the name. */
  readonly hostPublicKey: string;
  /** The listening process. */
  readonly pid: number;
  /** A folder that belongs to `username` and goes with the server. */
  readonly home: string;
  /** What sshd wrote to its log so far. */
  log(): string;
  /** Ends the listener and every session, as a crash would. */
  stop(): Promise<void>;
  /** Starts it again, with the same keys, on the same port. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Starts sshd in the foreground; resolves when it accepts connections. Its children end with it. */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const folder = await mkdtemp(join(tmpdir(), 'sshd-'));
  await chmod(folder, 0o755);
  const user = await prepareUser(options, folder);
  const hostKey = await makeKey(join(folder, 'host'));
  const clientKey = await makeKey(join(folder, 'client'));
  await writeFile(join(folder, 'authorized_keys'), clientKey.publicKey, { mode: 0o644 });
  const { namespace, address = '127.0.0.1', port = await freePort() } = options;
  await writeFile(join(folder, 'config'), configText(folder, address, port, options));
  await mkdir('/run/sshd', { recursive: true });
  const command = [options.program ?? '/usr/sbin/sshd', '-D', '-e', '-f', join(folder, 'config')];
  const args = namespace ? ['ip', 'netns', 'exec', namespace, ...command] : command;
  const log: string[] = [];
  const start = async () => {
    // A test run that is killed takes the server with it.
    const started = spawn('setpriv', ['--pdeathsig', 'KILL', ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const before = log.length;
    started.stderr.setEncoding('utf8').on('data', (text: string) => log.push(text));
    await untilListening(address, port, started, () => log.slice(before).join('')).catch(async (error) => {
      await endWithChildren(started);
      throw error;
    });
    return started;
  };
  let sshd: ChildProcess;
  const removeAll = async () => {
    await user.remove();
    await rm(folder, { recursive: true, force: true });
  };
  const close = once(async () => {
    await endWithChildren(sshd);
    await removeAll();
  });
  try {
    sshd = await start();
  } catch (error) {
    await removeAll();
    throw error;
  }
  return {
    host: address,
    port,
    username: user.name,
    privateKey: clientKey.privateKey,
    privateKeyPath: join(folder, 'client'),
    hostPublicKey: hostKey.publicKey.trim().split(' ').slice(0, 2).join(' '),
    get pid() {
      return sshd.pid!;
    },
    home: join(folder, 'home'),
    log: () => log.join(''),
    stop: () => endWithChildren(sshd),
    start: async () => {
      sshd = await start();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function configText(
  folder: string,
  address: string,
  port: number,
  { config: lines = [], hostKeys = [join(folder, 'host')] }: SshdOptions,
): string {
  const own = [
    `Port ${port}`,
    `ListenAddress ${address}`,
    ...hostKeys.map((path) => `HostKey ${path}`),
    `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
    'PidFile none',
    'StrictModes no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'UsePAM no',
    'UseDNS no',
  ];
  // sshd takes the first value of each keyword, but of MaxStartups the last; a Match block must come last.
  const match = lines.findIndex((line) => /^\s*match\s/i.test(line));
  const general = match === -1 ? lines : lines.slice(0, match);
  const blocks = match === -1 ? [] : lines.slice(match);
  const startups = general.some((line) => /^\s*maxstartups\s/i.test(line)) ? [] : ['MaxStartups 200'];
  // A second one is an error.
  const sftp = general.some((line) => /^\s*subsystem\s/i.test(line)) ? [] : ['Subsystem sftp internal-sftp'];
  return `${[...general, ...own, ...sftp, ...startups, ...blocks].join('\n')}\n`;
}

async function prepareUser({ user, shell = '/bin/sh' }: SshdOptions, folder: string) {
  const home = join(folder, 'home');
  await mkdir(home);
  if (user === 'root') return { name: 'root', remove: async () => {} };
  const name = `svg-${randomBytes(5).toString('hex')}`;
  // A password of `*` fits nothing; the default `!` would lock the account, keys included.
  await run('useradd', ['--no-create-home', '--home-dir', home, '--shell', shell, '-p', '*', name]);
  await run('chown', [`${name}:`, home]);
  return { name, remove: () => removeUser(name) };
}

async function removeUser(name: string): Promise<void> {
  await run('pkill', ['-KILL', '-u', name]).catch(() => {});
  await run('userdel', ['--force', name]).catch(() => {});
}

async function makeKey(path: string): Promise<{ privateKey: string; publicKey: string }> {
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', path]);
  return { privateKey: await readFile(path, 'utf8'), publicKey: await readFile(`${path}.pub`, 'utf8') };
}

/**
 * A port that nobody listens on, below those that systems give out by themselves: until it is used, no server of another
 * test file that listens on any port can take it.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

export async function untilListening(
  address: string,
  port: number,
  sshd: ChildProcess,
  log: () => string,
): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    if (sshd.exitCode !== null || sshd.signalCode !== null) break;
    if (log().includes('Server listening') && (await accepts(address, port))) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`sshd did not start on port ${port}:\n${log()}`);
}

function accepts(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Sessions are processes of their own that outlive the listener. */
async function endWithChildren(sshd: ChildProcess): Promise<void> {
  if (sshd.exitCode !== null || sshd.signalCode !== null) return;
  const ended = new Promise((resolve) => sshd.once('exit', resolve));
  const family = await descendants(sshd.pid!);
  sshd.kill('SIGTERM');
  for (const pid of family) tryKill(pid);
  await ended;
}

/** The processes below `pid`, at this moment. */
export async function descendants(pid: number): Promise<number[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=']);
  const all = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  const below = (parent: number): number[] =>
    all.filter(([, ppid]) => ppid === parent).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended in the meantime.
  }
}

function once(action: () => Promise<void>): () => Promise<void> {
  let result: Promise<void> | undefined;
  return () => {
    result ??= action();
    return result;
  };
}
