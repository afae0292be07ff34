import { now } from '../../time/timer.ts';
import { type Connection, type ConnectOptions, isSshError } from '../library.ts';
import { checkClock } from './checks/clock.ts';
import { checkDisk } from './checks/disk.ts';
import { checkExec, type ExecFound } from './checks/exec.ts';
import { checkKeepalive } from './checks/keepalive.ts';
import { checkMaxSessions, sessionsTried } from './checks/max-sessions.ts';
import { checkSftp } from './checks/sftp.ts';
import { checkShell } from './checks/shell.ts';
import { checkWindows } from './checks/windows.ts';
import { examineConnection } from './connecting.ts';
import { type Finding, type Step, type StepName, stepNames } from './steps.ts';
import { Visit, type VisitOptions } from './visit.ts';

interface DoctorOptions extends VisitOptions {
  connect: ConnectOptions;
  /** Called with each step as soon as it is known, in order. */
  onStep: (step: Step) => void;
}

/**
 * Checks everything that a worker needs from a PC. It leaves nothing behind but a new host key (`accept-new`), and
 * makes at most one connection to a port that does not answer. Resolves to a finding for every step.
 *
 * @throws {TypeError | RangeError} for wrong options, and the signal's reason.
 */
export async function examine({ connect, onStep, ...rest }: DoctorOptions): Promise<Step[]> {
  const found: Step[] = [];
  const report = (step: Step) => {
    found.push(step);
    onStep(step);
  };
  // More simultaneous sessions than the library would try by itself, so that the server's own limit shows.
  const options: ConnectOptions = {
    ...connect,
    retry: false,
    signal: rest.signal,
    maxSessions: sessionsTried,
  };
  const visit = new Visit(options, rest);
  const { found: arrived, connection } = await examineConnection(visit);
  for (const step of arrived) report(step);
  if (connection) {
    try {
      await new Examination(connection, visit, report).run();
    } finally {
      await connection.close();
    }
  }
  for (const name of stepNames) {
    if (!found.some((step) => step.name === name)) report({ name, ...visit.skipped('notReached') });
  }
  return found;
}

/** The checks on an established connection. */
class Examination {
  readonly #connection: Connection;
  readonly #visit: Visit;
  readonly #report: (step: Step) => void;
  #isLost = false;
  #exec: ExecFound | undefined;
  #home: string | undefined;

  constructor(connection: Connection, visit: Visit, report: (step: Step) => void) {
    this.#connection = connection;
    this.#visit = visit;
    this.#report = report;
  }

  async run(): Promise<void> {
    const [connection, visit] = [this.#connection, this.#visit];
    const windows = /windows/i.test(connection.serverVersion);
    // It uses a connection of its own and mostly waits, so the other checks run meanwhile.
    const alive = checkKeepalive(visit);
    alive.catch(() => {});
    await this.#look('exec', async () => {
      this.#exec = await checkExec(connection, visit);
      return this.#exec.finding;
    });
    await this.#look('sftp', async () => {
      const finding = await checkSftp(connection, visit);
      this.#home = finding.facts?.['home'] as string | undefined;
      return finding;
    });
    await this.#lookByCommand('maxSessions', () => checkMaxSessions(connection, visit, windows));
    await this.#look('keepalive', () => alive);
    await this.#lookByCommand('clock', () => checkClock(connection, visit, windows));
    await this.#lookByCommand('shell', () =>
      checkShell(connection, visit, { shell: this.#exec?.shell, windows }),
    );
    await this.#look('disk', () => checkDisk(connection, visit, this.#means(windows)));
    if (windows) await this.#lookByCommand('windows', () => checkWindows(connection, visit));
    else this.#report({ name: 'windows', verdict: 'skipped', says: visit.words.windows.notWindows });
  }

  #means(windows: boolean) {
    return { home: this.#home, runs: this.#runs, windows };
  }

  get #runs(): boolean {
    return this.#exec !== undefined && this.#exec.finding.verdict !== 'fail';
  }

  #lookByCommand(name: StepName, check: () => Promise<Finding>): Promise<void> {
    return this.#look(name, () =>
      this.#runs ? check() : Promise.resolve(this.#visit.skipped('noCommands')),
    );
  }

  async #look(name: StepName, check: () => Promise<Finding>): Promise<void> {
    this.#visit.signal.throwIfAborted();
    const finding = await this.#guarded(name, check);
    // The keepalive check has a connection of its own.
    this.#isLost ||= name !== 'keepalive' && finding.code === 'SSH_CONNECTION_LOST';
    this.#report({ name, ...finding });
  }

  /** The connection may be lost during any check: that is a finding too, which further checks would only repeat. */
  async #guarded(name: StepName, check: () => Promise<Finding>): Promise<Finding> {
    if (!this.#visit.hasTime) return this.#visit.skipped('noTime');
    if (this.#isLost && name !== 'keepalive') return this.#visit.skipped('lostBefore');
    const started = now();
    try {
      const finding = await check();
      return this.#isTooEarly(finding) ? this.#visit.skipped('noTime') : finding;
    } catch (error) {
      if (!isSshError(error)) throw error;
      return this.#visit.finding(error, now() - started);
    }
  }

  /** Silence is not a finding if our own time has run out. */
  #isTooEarly({ kind }: Finding): boolean {
    return !this.#visit.hasTime && silences.has(kind);
  }
}

const silences: ReadonlySet<string | undefined> = new Set([
  'commandHangs',
  'sessionSilent',
  'sftpSilent',
  'disk-silent',
]);
