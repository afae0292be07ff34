import iconv from 'iconv-lite';
import type { HostResult, JobHost } from '../../src/job/types.ts';
import { decodeCommand } from './decode-powershell.ts';

/** What a fake job does: what it writes, and its exit code once it is over. */
export interface FakeJob {
  claim: string;
  alive: boolean;
  stdout: Buffer;
  stderr: Buffer;
  exit: string;
  killed: string;
  command: string;
  task: string;
}

/**
 * A Windows PC's jobs in memory. It reads the values that each script begins with and does what the script is for,
 * with the script's form of answer: so it tests our side of the talk. It does not run the scripts.
 */
export class FakeWindowsJobs {
  readonly jobs = new Map<string, FakeJob>();
  /** The variables of each script, in order. */
  readonly calls: Record<string, string>[] = [];
  /** Set: starts fail with this reason. */
  refusal = '';
  readonly host: JobHost = {
    windows: true,
    where: { host: 'pc', port: 22 },
    run: async (line, { stdin }) => this.#answer(line, stdin),
  };

  /** The job writes, in the code page of a Korean PC. */
  write(id: string, stdout: string, stderr = ''): void {
    const job = this.jobs.get(id)!;
    job.stdout = Buffer.concat([job.stdout, iconv.encode(stdout, 'cp949')]);
    job.stderr = Buffer.concat([job.stderr, iconv.encode(stderr, 'cp949')]);
  }

  /** The job's command is over; without a code the wrapper is gone. */
  end(id: string, code?: number): void {
    const job = this.jobs.get(id)!;
    job.alive = false;
    if (code !== undefined) job.exit = `${code} ${Date.now()} - end`;
  }

  #answer(line: string, stdin: string | undefined): HostResult {
    const script = stdin === undefined ? decodeCommand(line) : Buffer.from(stdin, 'base64').toString('utf8');
    const values = readVariables(script);
    this.calls.push(values);
    const text = `Welcome\r\n${values['mark']} ${this.#perform(values)}\r\n`;
    return { exitCode: 0, signal: null, stdout: Buffer.from(text), stderr: Buffer.alloc(0) };
  }

  #perform(values: Record<string, string>): string {
    const { action, id = '' } = values;
    const key = id.toLowerCase();
    if (action === 'start') return this.#start(key, values);
    if (action === 'list')
      return ['', ...[...this.jobs.keys()].map((name) => `job=${name} ${this.#record(name)}`)].join('\r\n');
    if (action === 'look')
      return `${this.#record(key)} ${this.#piece(key, 'stdout', values)} ${this.#piece(key, 'stderr', values)}`;
    const job = this.jobs.get(key);
    if (action === 'kill') {
      if (job?.alive) Object.assign(job, { alive: false, killed: 'KILL' });
      return this.#record(key);
    }
    if (job?.alive) return 'running';
    return this.jobs.delete(key) ? 'removed' : 'absent';
  }

  #start(key: string, { id, command = '', fingerprint, nonce, task = '' }: Record<string, string>): string {
    if (this.refusal) return `why=${Buffer.from(this.refusal).toString('base64')} ${this.#record(key)}`;
    if (!this.jobs.has(key)) {
      const claim = `1:42:133-42:-:${fingerprint}:${Date.now()}:${nonce}:${id}`;
      const empty = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
      this.jobs.set(key, { claim, alive: true, exit: '', killed: '', command, task, ...empty });
    }
    return `why= ${this.#record(key)}`;
  }

  #record(key: string): string {
    const job = this.jobs.get(key);
    if (!job) return `claim= live= boot= exit= killed= out=0 err=0 now=${Date.now()}`;
    const live = job.alive ? 'live=133-42 boot=-' : 'live= boot=';
    const exit = job.exit.replaceAll(' ', ',');
    return `claim=${job.claim} ${live} exit=${exit} killed=${job.killed} out=${job.stdout.length} err=${job.stderr.length} now=${Date.now()}`;
  }

  #piece(key: string, name: 'stdout' | 'stderr', values: Record<string, string>): string {
    const from = Number(values[`${name}At`]);
    const bytes = from < 0 ? undefined : this.jobs.get(key)?.[name].subarray(from, from + 1_048_576);
    return `${name}=${bytes?.toString('base64') ?? ''}`;
  }
}

/** `$name='literal'` lines at the start of a script. */
export function readVariables(script: string): Record<string, string> {
  const values: Record<string, string> = {};
  const assignment = /\$(\w+)='((?:[^'\u2018-\u201b]|['\u2018-\u201b]{2})*)'\n/y;
  for (let found = assignment.exec(script); found; found = assignment.exec(script)) {
    values[found[1]!] = found[2]!.replace(/(['\u2018-\u201b])['\u2018-\u201b]/g, '$1');
  }
  return values;
}
