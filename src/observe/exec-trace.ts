import { quoted } from '../text/printable.ts';
import { debugTopic, nameOf } from './debug.ts';
import { type ExecTrace, execChannel, isWatched } from './tracing.ts';

const debug = debugTopic('exec');

/** How a command settled. */
export interface ExecOutcome {
  exitCode?: number | null;
  signal?: string | null;
  /** Milliseconds on the server; 0 when it was never started. */
  durationMs: number;
  /** What its promise rejects with. */
  error?: unknown;
}

export type ExecObserver = (outcome: ExecOutcome) => void;

const labels = new WeakMap<object, string>();

/**
 * Names a helper command of ours, given by its options: observers and errors tell the name. Its script is long, and may
 * hold values of the user's environment that are nobody's business.
 */
export function labelled<T extends object>(options: T, label: string): T {
  labels.set(options, label);
  return options;
}

/** The name that `labelled` gave; undefined for a command of the caller's own. */
export function labelOf(options: object): string | undefined {
  return labels.get(options);
}

/**
 * Tells those who look on that a command was asked for, and gives what tells them of its end; undefined when nobody
 * looks. `asked` is the caller's command, without what `cwd` and `env` add to it: they may hold secrets.
 */
export function observeExec(
  where: { host: string; port: number },
  asked: string | readonly string[],
  options: object,
): ExecObserver | undefined {
  const isTraced = isWatched(execChannel);
  if (!isTraced && !debug.enabled) return undefined;
  const command = labelOf(options) ?? (typeof asked === 'string' ? asked : asked.join(' '));
  const { host, port } = where;
  const trace: ExecTrace = { host, port, command };
  debug('%s:%d %s', host, port, quoted(command, 100));
  if (isTraced) execChannel.start.publish(trace);
  if (isTraced) execChannel.end.publish(trace);
  return (outcome) => settled(trace, outcome, isTraced);
}

function settled(trace: ExecTrace, outcome: ExecOutcome, isTraced: boolean): void {
  Object.assign(trace, outcome);
  if (debug.enabled)
    debug('%s:%d %s %s', trace.host, trace.port, quoted(trace.command, 40), inWords(outcome));
  if (!isTraced) return;
  if ('error' in outcome) execChannel.error.publish(trace);
  execChannel.asyncStart.publish(trace);
  execChannel.asyncEnd.publish(trace);
}

function inWords({ exitCode, signal, error, durationMs }: ExecOutcome): string {
  const took = `after ${Math.round(durationMs)} ms`;
  if (typeof exitCode === 'number') return `exited with ${exitCode} ${took}`;
  if (signal) return `was ended by ${quoted(signal, 40)} ${took}`;
  if (error === undefined) return `ended without a status ${took}`;
  return `rejected with ${nameOf(error)} ${took}`;
}
