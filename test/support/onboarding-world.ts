import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { run } from '../cli/run.ts';
import { freePort, untilListening } from './sshd.ts';

const execute = promisify(execFile);
/** Codes of ours: `t` and eight hex digits. */
const ourAccount = /^tunnel-t[0-9a-f]{8}$/;
const ours = ['/usr/local/lib/ssh-via-gateway', '/var/lib/ssh-via-gateway'];

/** Output of one run of the program. */
export interface Said {
  exitCode: number;
  out: string;
  err: string;
}

/**
 * A gateway of one's own: a real sshd on a loopback port, with its own configuration that includes a folder of
 * settings. Accounts and groups are this machine's; all that was made is taken away in the end, and what a killed run has
 * left at the beginning.
 */
export interface OnboardingWorld extends AsyncDisposable {
  readonly folder: string;
  readonly port: number;
  readonly config: string;
  /** The folder of settings. */
  readonly dropIns: string;
  readonly customersFile: string;
  /** `setup gateway`, here, with the options that lead to this sshd. */
  setupGateway(...args: string[]): Promise<Said>;
  /** Any other command, with the customers file. */
  say(command: string, ...args: string[]): Promise<Said>;
  /** A code nobody has, and its account, which goes with the world. */
  newCode(): string;
  /** A process that goes with the world. */
  adopt(child: ChildProcess): void;
  log(): string;
}

export async function startOnboardingWorld(
  linesFor: (folder: string) => readonly string[] = () => [],
): Promise<OnboardingWorld> {
  await clearLeftovers();
  const folder = await mkdtemp(join(tmpdir(), 'onboarding-'));
  await chmod(folder, 0o755);
  const dropIns = join(folder, 'sshd_config.d');
  const config = join(folder, 'sshd_config');
  await mkdir(dropIns);
  await mkdir('/run/sshd', { recursive: true });
  await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'host')]);
  const port = await freePort();
  await writeFile(config, configText({ folder, port, lines: linesFor(folder) }));
  const sshd = spawn('setpriv', ['--pdeathsig', 'KILL', '/usr/sbin/sshd', '-D', '-e', '-f', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const log: string[] = [];
  sshd.stderr.setEncoding('utf8').on('data', (text: string) => log.push(text));
  const children: ChildProcess[] = [sshd];
  const codes: string[] = [];
  const groups = await groupsBefore();
  const close = async () => {
    for (const child of children) await killTree(child);
    for (const code of codes) await removeAccount(`tunnel-${code}`);
    for (const group of groups) await execute('groupdel', [group]).catch(() => {});
    for (const path of [folder, ...ours]) await rm(path, { recursive: true, force: true });
  };
  try {
    await untilListening('127.0.0.1', port, sshd, () => log.join(''));
  } catch (error) {
    await close();
    throw error;
  }
  const customersFile = join(folder, 'customers.json');
  const say = async (command: string, ...args: string[]): Promise<Said> => {
    const { exitCode, stdout, stderr } = await run([
      ...command.split(' '),
      ...['--customers', customersFile, ...args],
    ]);
    return { exitCode, out: stdout.toString(), err: stderr };
  };
  return {
    ...{ folder, port, config, dropIns, customersFile, say },
    setupGateway: (...args) => say('setup gateway', '--local', '--sshd-config', config, ...args),
    newCode() {
      const code = `t${randomBytes(4).toString('hex')}`;
      codes.push(code);
      return code;
    },
    adopt: (child) => void children.push(child),
    log: () => log.join(''),
    [Symbol.asyncDispose]: close,
  };
}

function configText({
  folder,
  port,
  lines,
}: {
  folder: string;
  port: number;
  lines: readonly string[];
}): string {
  return [
    ...lines,
    `Include ${folder}/sshd_config.d/*.conf`,
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${folder}/host`,
    `PidFile ${folder}/sshd.pid`,
    'UsePAM no',
    'PasswordAuthentication no',
    'PermitRootLogin no',
    '',
  ].join('\n');
}

/** Of several runs on one machine, one goes on and the others wait: until it calls what this returns, or ends. */
export async function lockMachine(): Promise<() => void> {
  const file = join(tmpdir(), 'ssh-via-gateway-onboarding.lock');
  const lock = spawn('flock', ['-w', '300', file, 'sh', '-c', 'echo locked; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    lock.stdout.once('data', () => resolve());
    lock.once('close', () => reject(new Error('another run of these tests goes on for more than 5 minutes')));
    lock.once('error', reject);
  });
  return () => void lock.kill();
}

/** Accounts, groups, folders and tunnels of a run that was killed. */
async function clearLeftovers(): Promise<void> {
  if (existsSync('/etc/ssh/sshd_config.d/10-ssh-via-gateway.conf')) {
    throw new Error('This machine is a gateway in use: these tests would take its accounts for their own');
  }
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (/\0--run\0--state\0[^\0]*\/onboarding-/.test(line)) process.kill(Number(pid), 'SIGKILL');
  }
  const names = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':')[0]!);
  for (const name of names) if (ourAccount.test(name)) await removeAccount(name);
  // Those with members are not of ours: then setup finds them there, as it would on a gateway.
  for (const line of (await readFile('/etc/group', 'utf8')).split('\n')) {
    const [group = '', , , members] = line.split(':');
    if (['tunnels', 'tunnel-workers'].includes(group) && members === '') await execute('groupdel', [group]);
  }
  for (const path of ours) await rm(path, { recursive: true, force: true });
}

/** The groups that set-up makes and that are not there yet. */
async function groupsBefore(): Promise<string[]> {
  const names = (await readFile('/etc/group', 'utf8')).split('\n').map((line) => line.split(':')[0]);
  return ['tunnels', 'tunnel-workers'].filter((group) => !names.includes(group));
}

async function removeAccount(account: string): Promise<void> {
  await execute('pkill', ['-KILL', '-u', account]).catch(() => {});
  await execute('userdel', ['--force', '--remove', account]).catch(() => {});
}

/** Ends a process and all that it started, also what it started by itself in a group of its own. */
export async function killTree(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  for (const pid of [child.pid, ...(await descendantsOf(child.pid))]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Gone.
    }
  }
}

export async function descendantsOf(pid: number): Promise<number[]> {
  const path = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(path)) return [];
  const children = (await readFile(path, 'utf8').catch(() => ''))
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number);
  const below = await Promise.all(children.map(descendantsOf));
  return [...children, ...below.flat()];
}
