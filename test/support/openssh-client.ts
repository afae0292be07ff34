import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** What OpenSSH's client made of a host key. */
export interface ClientVerdict {
  readonly verdict: 'match' | 'unknown' | 'mismatch' | 'revoked';
  /** `file:line` that the client names for a match or a changed key. */
  readonly decidedBy?: string;
  /** `file:line` of every valid entry that it found for the name with its port, after `ca ` or `revoked `. */
  readonly entries: readonly string[];
  /** The host key algorithms that it asked for, by preference. */
  readonly algorithms: readonly string[];
}

/** Where and how the client is to connect. */
export interface ClientRun {
  readonly host: string;
  readonly port: number;
  readonly alias?: string | undefined;
  readonly knownHosts: readonly string[];
  /** Configuration file of an sshd that is run for this connection alone, in inetd mode. */
  readonly sshdConfig: string;
}

/** Runs `ssh` up to the login, which is always refused, and reads its verdict from its debug log. */
export async function askOpensshClient(run: ClientRun): Promise<ClientVerdict> {
  const options = {
    ProxyCommand: `/usr/sbin/sshd -i -f ${run.sshdConfig}`,
    UserKnownHostsFile: run.knownHosts.join(' '),
    GlobalKnownHostsFile: '/dev/null',
    StrictHostKeyChecking: 'yes',
    UpdateHostKeys: 'no',
    BatchMode: 'yes',
    PreferredAuthentications: 'none',
    KexAlgorithms: 'curve25519-sha256',
    ...(run.alias === undefined ? {} : { HostKeyAlias: run.alias }),
  };
  const flags = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const log = await stderrOf('ssh', ['-vvv', '-F', '/dev/null', '-p', `${run.port}`, ...flags, run.host]);
  return readLog(log);
}

/** Runs a program that is expected to fail and gives what it printed. */
function stderrOf(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      { timeout: 30_000, encoding: 'latin1' },
      (error, _stdout, stderr) => {
        if (error?.code === 'ENOENT' || error?.killed === true) reject(error);
        else resolve(stderr);
      },
    );
    child.stdin?.end();
  });
}

function readLog(log: string): ClientVerdict {
  // The entries are loaded twice, first to order the algorithms; only that time without the name's second form.
  const [ordering = '', checking = ''] = log.split('Server host key:', 2);
  const entries = ordering.matchAll(/found (|ca |revoked )key type \S+ in file (\S+)/g);
  const decidedBy = /(?:Found key in|Offending \S+ key in) (\S+)/.exec(checking)?.[1];
  return {
    verdict: verdictIn(checking, log),
    entries: [...entries].map(([, marker, place]) => `${marker}${place}`),
    algorithms: /debug2: host key algorithms: (\S+)/.exec(ordering)?.[1]?.split(',') ?? [],
    ...(decidedBy === undefined ? {} : { decidedBy }),
  };
}

function verdictIn(checking: string, log: string): ClientVerdict['verdict'] {
  if (checking.includes('REVOKED HOST KEY DETECTED')) return 'revoked';
  if (checking.includes('REMOTE HOST IDENTIFICATION HAS CHANGED')) return 'mismatch';
  if (/No \S+ host key is known for/.test(checking)) return 'unknown';
  if (/Permission denied|Authentications that can continue/.test(checking)) return 'match';
  throw new Error(`ssh gave no verdict on the host key:\n${log}`);
}

/** The host key algorithms that the client asks a host for of which it knows nothing, by preference. */
export async function defaultHostKeyAlgorithms(): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ssh', ['-F', '/dev/null', '-G', 'nobody.example.com']);
  return /^hostkeyalgorithms (\S+)$/m.exec(stdout)?.[1]?.split(',') ?? [];
}

/** The lines that `ssh-keygen -F` finds for a name in a file, as `line`, `line CA` or `line REVOKED`. */
export async function linesFoundBySshKeygen(name: string, file: string): Promise<string[]> {
  const found = await stdoutOf('ssh-keygen', ['-F', name, '-f', file]);
  return [...found.matchAll(/^# Host .* found: line (\d+ ?(?:CA|REVOKED)?)\s*$/gm)].map(([, line]) =>
    line!.trim(),
  );
}

/** `ssh-keygen -F` exits with 1 when it finds nothing. */
function stdoutOf(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { timeout: 30_000, encoding: 'latin1' }, (error, stdout) => {
      if (error === null || error.code === 1) resolve(stdout);
      else reject(error);
    });
  });
}
