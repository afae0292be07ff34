import { now } from '../../time/timer.ts';
import { type Connection, type ConnectOptions, isSshError } from '../library.ts';
import { findingOf } from './advice.ts';
import { checkClock } from './checks/clock.ts';
import { checkExec, type ExecFound } from './checks/exec.ts';
import { checkKeepalive } from './checks/keepalive.ts';
import { checkMaxSessions, sessionsTried } from './checks/max-sessions.ts';
import { checkSftp } from './checks/sftp.ts';
import { checkShell } from './checks/shell.ts';
import { examineConnection } from './connecting.ts';
import { type Finding, type Step, type StepName, stepNames } from './steps.ts';

export interface DoctorOptions {
  connect: ConnectOptions;
  signal: AbortSignal;
  /** Told of each step as soon as it is known, in order. */
  onStep: (step: Step) => void;
}

/**
 * Looks at everything that a worker needs of a PC. Nothing is written, and one connection at most is made to a port
 * that does not answer. Resolves with a finding for every step.
 *
 * @throws {TypeError | RangeError} for wrong options, and the signal's reason.
 */
export async function examine({ connect, signal, onStep }: DoctorOptions): Promise<Step[]> {
  const found: Step[] = [];
  const report = (step: Step) => {
    found.push(step);
    onStep(step);
  };
  // More sessions at once than the library would try by itself, so that the server's own limit shows.
  const options: ConnectOptions = { ...connect, retry: false, signal, maxSessions: sessionsTried };
  const { found: arrived, connection } = await examineConnection(options);
  for (const step of arrived) report(step);
  if (connection) {
    try {
      await examineServer(connection, options, report, signal);
    } finally {
      await connection.close();
    }
  }
  for (const name of stepNames) {
    if (!found.some((step) => step.name === name)) report({ name, verdict: 'skipped', says: 'not reached' });
  }
  return found;
}

async function examineServer(
  connection: Connection,
  options: ConnectOptions,
  report: (step: Step) => void,
  signal: AbortSignal,
): Promise<void> {
  const windows = /windows/i.test(connection.serverVersion);
  const look = async (name: StepName, check: () => Promise<Finding>) => {
    signal.throwIfAborted();
    const finding = await guarded(check);
    // The keepalive is looked at on a connection of its own.
    isLost ||= name !== 'keepalive' && finding.code === 'SSH_CONNECTION_LOST';
    report({ name, ...finding });
  };
  let isLost = false;
  /** Once the connection is lost, further checks would only say so again. */
  const onConnection = (check: () => Promise<Finding>) => () =>
    isLost ? Promise.resolve(lostBefore) : check();
  let exec: ExecFound = { finding: noCommands, shell: undefined };
  await look('exec', async () => {
    exec = await checkExec(connection, signal);
    return exec.finding;
  });
  const needsExec = (check: () => Promise<Finding>) =>
    onConnection(() => (exec.finding.verdict === 'fail' ? Promise.resolve(noCommands) : check()));
  const { shell } = exec;
  await look(
    'sftp',
    onConnection(() => checkSftp(connection, signal)),
  );
  await look(
    'maxSessions',
    needsExec(() => checkMaxSessions(connection, { windows, signal })),
  );
  await look('keepalive', () => checkKeepalive(options, signal));
  await look(
    'clock',
    needsExec(() => checkClock(connection, { windows, signal })),
  );
  await look(
    'shell',
    needsExec(() => checkShell(connection, { shell, windows, signal })),
  );
}

const lostBefore: Finding = { verdict: 'skipped', says: 'the connection was lost before' };
const noCommands: Finding = { verdict: 'skipped', says: 'needs a command, and none runs' };

/** The connection may be lost under any check: that is a finding too. */
async function guarded(check: () => Promise<Finding>): Promise<Finding> {
  const started = now();
  try {
    return await check();
  } catch (error) {
    if (!isSshError(error)) throw error;
    return findingOf(error, now() - started);
  }
}
