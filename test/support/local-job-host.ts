import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostResult, JobHost } from '../../src/job/types.ts';
import type { ExecHandler } from '../../src/mock-server/index.ts';

/** A server's account without a server: its commands run here, in a home of its own. */
export interface LocalAccount extends AsyncDisposable {
  readonly home: string;
  readonly host: JobHost;
  /** Runs a mock server's commands in this account. */
  readonly handler: ExecHandler;
  /** Where the jobs are. */
  readonly jobs: string;
  /** The text of a file in a job's folder; undefined when there is none. */
  read(id: string, name: string): Promise<string | undefined>;
  claim(id: string): Promise<string[]>;
  files(id: string): Promise<string[]>;
}

export interface LocalAccountOptions {
  /** What runs in place of /bin/sh, for example `/bin/busybox sh`. */
  sh?: string;
  /** Changes each command before it runs. */
  change?: (line: string) => string;
  /** A mock server's commands end when it says so. Default: with themselves, as those of sshd do. */
  obedient?: boolean;
  /** Replaces PATH. */
  path?: string;
}

export async function localAccount(options: LocalAccountOptions = {}): Promise<LocalAccount> {
  const home = await mkdtemp(join(tmpdir(), 'jobs-'));
  const jobs = join(home, '.ssh-via-gateway', 'jobs');
  const start = (line: string) => {
    const changed = (options.change ?? ((same) => same))(line);
    const command = options.sh ? changed.replaceAll('/bin/sh', options.sh) : changed;
    const env = { HOME: home, PATH: options.path ?? process.env['PATH'], SHELL: '/bin/sh' };
    return spawn('/bin/sh', ['-c', command], { cwd: home, env, stdio: 'pipe', detached: options.obedient });
  };
  const handler: ExecHandler = ({ command, stdin, stdout, stderr, closed }) => {
    return new Promise((resolve) => {
      const child = start(command);
      child.stdin.on('error', () => {});
      stdin.pipe(child.stdin);
      child.stdout.on('data', (chunk) => closed.aborted || stdout.write(chunk));
      child.stderr.on('data', (chunk) => closed.aborted || stderr.write(chunk));
      if (options.obedient) closed.addEventListener('abort', () => killGroup(child.pid ?? 0));
      child.once('close', (code) => resolve(code ?? 255));
    });
  };
  const read = (id: string, name: string) => readFile(join(jobs, id, name), 'utf8').catch(() => undefined);
  return {
    home,
    jobs,
    handler,
    read,
    host: {
      windows: false,
      where: { host: 'local', port: 22 },
      run: (line, run) => result(start(line), run),
    },
    claim: async (id) => (await readlink(join(jobs, id, 'claim'))).split(':'),
    files: async (id) => (await readdir(join(jobs, id))).sort(),
    [Symbol.asyncDispose]: async () => {
      await killAll(jobs);
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function result(
  child: ReturnType<typeof spawn>,
  { stdin, signal }: { stdin?: string | undefined; signal?: AbortSignal | undefined },
): Promise<HostResult> {
  return new Promise((resolve, reject) => {
    const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    for (const name of ['stdout', 'stderr'] as const)
      child[name]?.on('data', (chunk) => chunks[name].push(chunk));
    child.stdin?.on('error', () => {});
    child.stdin?.end(stdin ?? '');
    const onAbort = () => reject(signal?.reason);
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    child.once('error', reject);
    child.once('close', (exitCode, name) => {
      signal?.removeEventListener('abort', onAbort);
      const stdout = Buffer.concat(chunks.stdout);
      resolve({ exitCode, signal: name, stdout, stderr: Buffer.concat(chunks.stderr) });
    });
  });
}

/** Whatever a test has left running. */
async function killAll(jobs: string): Promise<void> {
  for (const id of await readdir(jobs).catch(() => [])) {
    const claim = await readlink(join(jobs, id, 'claim')).catch(() => '');
    const pid = Number(claim.split(':')[1]);
    if (pid > 1) killGroup(pid);
  }
}

export function killGroup(pid: number): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, 'SIGKILL');
    } catch {
      // Gone already.
    }
  }
}
