import { constants } from 'node:os';
import type { JobFaults } from '../faults/fault-types.ts';
import type { ExecContext, ExecHandler, MockCommand, WindowsPersonality } from '../types.ts';
import { DetachedCommand } from './detached.ts';
import type { JobScript } from './script.ts';

/** The part of a Windows personality that matters to jobs. */
type JobRules = Pick<Required<WindowsPersonality>, 'account' | 'languageMode' | 'codePage'>;

interface MockJob {
  claim: string;
  command: DetachedCommand;
  /** The last signal that a kill sent. */
  killed: string;
}

/** What a script prints. */
interface JobAnswer {
  stdout: Buffer;
  stderr: Buffer;
}

type Values = Record<string, string>;
type Origin = Pick<ExecContext, 'username' | 'connection'>;
type Choose = (command: string) => MockCommand | ExecHandler | undefined;

const maxPiece = 1_048_576;
/** Milliseconds that a kill waits at most for a handler to obey. */
const maxGrace = 1_000;
const step = 10;

/** A standard account cannot use WMI in a session, and here it may not create tasks either. */
const noTask = Buffer.from(
  'by the task scheduler: Access is denied. (0x80070005 PermissionDenied); by schtasks.exe: schtasks.exe ended with 1: ERROR: Access is denied. (0x80131501 OperationStopped)',
).toString('base64');
/** PowerShell's refusal of a script that needs more of .NET than the mode allows. */
const forbidden: MockCommand = {
  stderr: 'PowerShell is in ConstrainedLanguage mode here: a policy forbids scripts like this one.\r\n',
  exitCode: 1,
};

/**
 * The jobs of a mock server, in memory. Does what the job scripts ask for without running them; what a job's command
 * does is defined by the server's `exec` option.
 */
export class MockJobs {
  readonly #jobs = new Map<string, MockJob>();
  readonly #choose: Choose;
  readonly #codePage: number;
  readonly #windows: JobRules | undefined;
  #nextPid = 4_000;
  #isClosed = false;

  constructor(choose: Choose, windows?: JobRules) {
    this.#choose = choose;
    this.#windows = windows;
    this.#codePage = windows?.codePage ?? 65001;
  }

  close(): void {
    this.#isClosed = true;
    for (const { command } of this.#jobs.values()) command.kill('KILL');
  }

  async answer(
    { system, values }: JobScript,
    origin: Origin,
    faults: JobFaults = {},
  ): Promise<JobAnswer | MockCommand> {
    if (faults.accessFailed) return accessFailed(faults.accessFailed);
    if (faults.lost) for (const job of this.#jobs.values()) lose(job);
    if (system === 'windows' && this.#windows?.languageMode === 'ConstrainedLanguage') return forbidden;
    const id = values['id'] ?? '';
    const key = `${values['dir']}\n${system === 'windows' ? id.toLowerCase() : id}`;
    const head = `${values['mark']} `;
    switch (values['action']) {
      case 'start':
        return text(head + this.#start(key, values, origin, faults.lost));
      case 'look':
        return await this.#look(system, key, values);
      case 'kill':
        return text(head + (await this.#kill(system, key, values)));
      case 'remove':
        return text(head + this.#remove(key));
      default:
        return text(head + this.#list(values));
    }
  }

  #start(
    key: string,
    { id, command = '', fingerprint, nonce, task }: Values,
    origin: Origin,
    isLost = false,
  ): string {
    if (this.#jobs.has(key)) return `answer=taken ${this.#record(key)}`;
    if (task && this.#windows?.account === 'standard') return `why=${noTask} ${this.#record(key)}`;
    const detached = new DetachedCommand(origin, command, this.#codePage);
    const claim = `1:${this.#nextPid++}:${nonce}:mock:${fingerprint}:${Date.now()}:${nonce}:${id}`;
    this.#jobs.set(key, { claim, command: detached, killed: '' });
    if (isLost) detached.kill(lostProcess);
    else void detached.run(this.#choose(command));
    return `answer=claimed ${this.#record(key)}`;
  }

  async #look(system: JobScript['system'], key: string, values: Values): Promise<JobAnswer> {
    const job = this.#jobs.get(key);
    const [out = '-1'] = (values['stdoutAt'] ?? values['stdout_at'] ?? '').split(' ');
    const [err = '-1'] = (values['stderrAt'] ?? values['stderr_at'] ?? '').split(' ');
    const piece = (name: 'stdout' | 'stderr', from: string) =>
      from === '' || Number(from) < 0
        ? Buffer.alloc(0)
        : (job?.command.output[name].subarray(Number(from), Number(from) + maxPiece) ?? Buffer.alloc(0));
    const hasNews = () =>
      !job || job.command.end || piece('stdout', out).length + piece('stderr', err).length > 0;
    await this.#until(hasNews, Number(values['wait'] ?? 0));
    const [stdout, stderr] = [piece('stdout', out), piece('stderr', err)];
    const head = `${values['mark']} ${this.#record(key)}`;
    if (system === 'posix')
      return { stdout: joined(`${head}\n`, stdout), stderr: joined(`${values['mark']}\n`, stderr) };
    return text(`${head} stdout=${stdout.toString('base64')} stderr=${stderr.toString('base64')}`);
  }

  async #kill(system: JobScript['system'], key: string, { grace = '0' }: Values): Promise<string> {
    const job = this.#jobs.get(key);
    if (!job || job.command.end) return this.#record(key);
    job.killed = system === 'windows' ? 'KILL' : 'TERM';
    if (system === 'posix') {
      job.command.receive('TERM');
      await this.#until(() => job.command.end !== undefined, Math.min(Number(grace) * 100, maxGrace));
    }
    if (!job.command.end) job.killed = 'KILL';
    job.command.kill('KILL');
    return this.#record(key);
  }

  #remove(key: string): string {
    const job = this.#jobs.get(key);
    if (job && !job.command.end) return 'running=1';
    return this.#jobs.delete(key) ? 'removed=1' : 'absent=1';
  }

  #list({ dir }: Values): string {
    const mine = [...this.#jobs.keys()].filter((key) => key.startsWith(`${dir}\n`));
    return ['count=1', ...mine.map((key) => `job=${nameOf(this.#jobs.get(key))} ${this.#record(key)}`)].join(
      '\n',
    );
  }

  #record(key: string): string {
    const job = this.#jobs.get(key);
    if (!job) return `absent=1 claim= now=${Date.now()}`;
    const { end, output } = job.command;
    const live = end ? '' : (job.claim.split(':')[2] ?? '');
    const sizes = `out=${output.stdout.length} err=${output.stderr.length}`;
    return `claim=${job.claim} live=${live} boot=mock exit=${exitOf(job)} killed=${job.killed} ${sizes} now=${Date.now()}`;
  }

  async #until(condition: () => unknown, ms: number): Promise<void> {
    for (const end = Date.now() + ms; !condition() && !this.#isClosed && Date.now() < end; ) {
      await new Promise((resolve) => setTimeout(resolve, step));
    }
  }
}

/** Disappeared without a trace. */
const lostProcess = '(lost)';

/** Has no effect on a job that has ended. */
function lose({ command }: MockJob): void {
  command.kill(lostProcess);
}

function accessFailed(reason: true | string): MockCommand {
  const stderr = reason === true ? 'the disk is full: No space left on device' : reason;
  return { stderr: `${stderr}\n`, exitCode: 73 };
}

/** `code,time,signal,end`; a job that was killed by force has written nothing. */
function exitOf({ command: { end }, killed }: MockJob): string {
  if (!end || end.signal === lostProcess || (killed && end.signal === 'KILL')) return '';
  if (end.signal === undefined) return `${end.exitCode},${end.at},-,end`;
  const number = constants.signals[`SIG${end.signal}` as NodeJS.Signals] ?? 0;
  return `${128 + number},${end.at},${end.signal},end`;
}

function nameOf(job: MockJob | undefined): string {
  return job?.claim.split(':').at(-1) ?? '';
}

function text(line: string): JobAnswer {
  return { stdout: Buffer.from(`${line}\n`), stderr: Buffer.alloc(0) };
}

function joined(head: string, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(head), bytes]);
}
