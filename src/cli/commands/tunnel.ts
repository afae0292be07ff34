import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { given } from '../../check/given.ts';
import { socketPathOf } from '../../customers/connect-options.ts';
import { homeFolder } from '../../options/local-account.ts';
import { quoted } from '../../text/printable.ts';
import { defaultBackoff } from '../../tunnel/keep/backoff.ts';
import { defaultCheckInterval, defaultReclaim } from '../../tunnel/keep/options.ts';
import { count, time } from '../args/checks.ts';
import type { OptionSpec } from '../args/option-spec.ts';
import { asTime } from '../args/values.ts';
import { logTo } from '../connect/open.ts';
import { customerOf, targetOptions } from '../connect/target.ts';
import { exitCodes } from '../exit-codes.ts';
import { keepReverseTunnel, type ReverseTunnelOptions } from '../library.ts';
import { fileFailure } from '../put-whole.ts';
import { isWrongUse } from '../report/wrong-use.ts';
import { Stopped } from '../stopped.ts';
import { parseForward } from '../tunnel/forward-spec.ts';
import { LockHeld, takeLock } from '../tunnel/lock.ts';
import { openLog, type TunnelLog } from '../tunnel/log.ts';
import { UsageError } from '../usage-error.ts';
import type { Call, CliCommand } from './command.ts';
import { refuseMore } from './positionals.ts';

const options: readonly OptionSpec[] = [
  {
    name: 'forward',
    short: 'R',
    value: '[HOST:]PORT:TARGET:PORT',
    env: true,
    check: parseForward,
    help: 'what the gateway publishes and where it leads, as in ssh -R; /PATH:TARGET:PORT for a Unix socket',
  },
  {
    name: 'reclaim',
    env: true,
    help: 'if a dead session of this account holds the port, end it and take the port: within a second instead of minutes',
  },
  {
    name: 'reclaim-unnoted',
    env: true,
    help: 'also end a session that ssh or autossh left behind, if it is the only other one of this account',
  },
  {
    name: 'answer-timeout',
    value: 'TIME',
    env: true,
    check: time({ shortest: 100 }),
    help: 'with --reclaim: how long the session that holds the port may stay silent',
    default: asTime(defaultReclaim.answerTimeout),
  },
  {
    name: 'reclaim-quiet',
    value: 'TIME',
    env: true,
    check: time({ shortest: 0, none: false }),
    help: 'with --reclaim: how long another tunnel that holds the port counts as alive after it last said so, however silent it is',
    default: asTime(defaultReclaim.quiet),
  },
  {
    name: 'reclaim-back-off',
    value: 'TIME',
    env: true,
    check: time({ shortest: 0, none: false }),
    help: 'with --reclaim: wait after the port was lost to another tunnel; twice as long after each further loss',
    default: asTime(defaultReclaim.backOff),
  },
  {
    name: 'check-interval',
    value: 'TIME',
    env: true,
    check: time(),
    help: 'between end-to-end checks through the published port; "none" for a target that is not SSH',
    default: asTime(defaultCheckInterval),
  },
  {
    name: 'max-delay',
    value: 'TIME',
    env: true,
    check: time({ shortest: 0, none: false }),
    help: 'longest wait between attempts',
    default: asTime(defaultBackoff.maxDelay),
  },
  {
    name: 'give-up-after',
    value: 'N',
    env: true,
    check: count(1),
    help: 'end after this many failed attempts in a row',
    default: 'never',
  },
  {
    name: 'log-file',
    value: 'FILE',
    env: true,
    help: 'append the log to this file instead of stdout; FILE.1 keeps the older 10 MB',
  },
  { name: 'json', env: true, help: 'log lines as JSON' },
  {
    name: 'lock',
    value: 'FILE',
    env: true,
    help: 'lock file; "none" for no lock',
    default: 'one for each gateway and port in ~/.ssh-via-gateway',
  },
];

export const tunnelCommand = {
  name: 'tunnel',
  summary: 'Keep this PC reachable through the gateway, for ever (replaces ssh -R and autossh)',
  usage: ['tunnel [options] -R [HOST:]PORT:TARGET:PORT GATEWAY'],
  about: [
    'Runs on the PC. Holds the port of the gateway, notices when the connection or the port is lost, and reconnects by itself. Each event is logged as a line with a time stamp. It stops cleanly on SIGTERM, Ctrl-C and Ctrl-Break, and releases the port.',
    'Made to run as a Windows service (NSSM, WinSW), as a scheduled task "at startup", or under systemd. Start it again when it ends with 1: a refused login or a port that the account may not have does not go away by itself, but an administrator may have corrected it. A lock file keeps two of them from fighting over the port; the lock of a process that died is taken over.',
  ],
  options,
  connects: true,
  // Its retries have options of their own: --give-up-after and --max-delay.
  idle: ['attempts', 'quiet-after-zombie'],
  examples: [
    [
      "publish this PC's sshd on port 9012 of the gateway; without 0.0.0.0, on its loopback only",
      'tunnel -R 0.0.0.0:9012:127.0.0.1:22 customer12@gateway.example.com --reclaim',
    ],
    [
      'as a service, with a log',
      'tunnel -R 0.0.0.0:9012:127.0.0.1:22 -i C:\\rpa\\id_ed25519 --log-file C:\\rpa\\tunnel.log customer12@gateway.example.com',
    ],
    [
      'a Unix socket of the gateway: no zombie can hold it (StreamLocalBindUnlink yes)',
      'tunnel -R /run/pcs/kim.sock:127.0.0.1:22 gateway',
    ],
  ],
  exitCodes: [
    ['0', 'stopped cleanly by a signal'],
    ['1', 'given up: the error is in the last line of the log'],
    ['2', 'wrong use'],
    ['3', 'another tunnel holds the lock, or has taken it over'],
  ],
  /** Throws what a call would throw before anything opens. */
  async check(call: Call): Promise<void> {
    await planOf(call);
  },
  async run(call: Call) {
    const { settings, io } = call;
    const plan = await planOf(call);
    const log = openLog(io, {
      file: settings.text('log-file'),
      json: settings.flag('json'),
      verbose: settings.flag('verbose'),
      settings,
    });
    const path = settings.text('lock') ?? defaultLock(plan);
    if (path === 'none') return keep(plan, log, io.signal);
    return keepLocked({ path, settings }, plan, log, io.signal);
  },
} satisfies CliCommand & { check(call: Call): Promise<void> };

async function planOf({ settings, positionals, io }: Call): Promise<ReverseTunnelOptions> {
  refuseMore(positionals, 1, 'GATEWAY');
  const forward = parseForward(await specOf({ settings, positionals, io }), settings.sourceOf('forward'));
  // The tunnel has retries of its own: --attempts, or ssh_config, must not end it.
  const {
    retry: _retry,
    signal: _signal,
    ...gateway
  } = await targetOptions(positionals[0], { settings, io }, 'tunnel');
  const checkInterval = settings.duration('check-interval');
  const maxDelay = settings.duration('max-delay');
  const attempts = settings.wholeNumber('give-up-after', 1);
  return {
    ...forward,
    gateway: settings.flag('verbose') ? { ...gateway, log: logTo(io) } : gateway,
    reclaim: reclaimOf(settings),
    retry: {
      ...given({ maxDelay, attempts }),
    },
    ...given({ checkInterval }),
  };
}

/** What to publish: with `-c CODE`, this PC's sshd on the customer's port or socket. */
async function specOf({
  settings,
  positionals,
  io,
}: Pick<Call, 'settings' | 'positionals' | 'io'>): Promise<string> {
  const spec = settings.text('forward');
  if (spec !== undefined) return spec;
  const named = await customerOf(positionals[0], { settings, io });
  if (!named)
    throw new UsageError('There is nothing to publish: give -R PORT:TARGET:PORT, such as 9012:127.0.0.1:22');
  const { customer } = named;
  if (customer.route === 'socket') return `${socketPathOf(customer)}:127.0.0.1:22`;
  return `${customer.route === 'published' ? '*:' : ''}${customer.port}:127.0.0.1:22`;
}

function reclaimOf(settings: Call['settings']): NonNullable<ReverseTunnelOptions['reclaim']> {
  const limits = given({
    answerTimeout: settings.duration('answer-timeout'),
    quiet: settings.duration('reclaim-quiet'),
    backOff: settings.duration('reclaim-back-off'),
  });
  const isWanted = settings.flag('reclaim') || settings.flag('reclaim-unnoted');
  const idle = ['answer-timeout', 'reclaim-quiet', 'reclaim-back-off'].find((name) =>
    settings.isArgument(name),
  );
  if (!isWanted && idle) throw new UsageError(`--${idle} only works with --reclaim`);
  if (settings.flag('reclaim-unnoted')) return { unnoted: 'only-session', ...limits };
  return settings.flag('reclaim') && limits;
}

/** Two tunnels for the same port of the same gateway get the same file. */
function defaultLock({ gateway, listenPort, listenPath }: ReverseTunnelOptions): string {
  const name = `${gateway.host}-${gateway.port ?? 22}-${listenPort ?? listenPath}`;
  return join(homeFolder() ?? tmpdir(), '.ssh-via-gateway', `tunnel-${name.replace(/[^\w.-]+/g, '_')}.lock`);
}

async function keepLocked(
  { path, settings }: { path: string; settings: Call['settings'] },
  plan: ReverseTunnelOptions,
  log: TunnelLog,
  signal: AbortSignal,
): Promise<number> {
  try {
    const lock = await takeLock(path, { signal });
    const usurped = new AbortController();
    void lock.lost.then(() => usurped.abort());
    const code = await keep(plan, log, AbortSignal.any([signal, usurped.signal]));
    await lock.release();
    if (!usurped.signal.aborted) return code;
    log.note('error', 'lock', `${path} was taken over by another tunnel`);
    return lockExitCode;
  } catch (error) {
    if (error instanceof Stopped) return exitCodes.ok;
    if (!(error instanceof LockHeld)) throw lockFailure(error, path, settings);
    log.note('error', 'lock', error.message);
    return lockExitCode;
  }
}

/** For a path that cannot be used: a folder, no permission to write, a full disk. */
function lockFailure(error: unknown, path: string, settings: Call['settings']): unknown {
  const { code, syscall, path: at = '' } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return error;
  const what = syscall === 'mkdir' ? `${code}: the folder ${quoted(at)} cannot be created` : code;
  const why = `${quoted(path)} cannot be the lock (${what})`;
  if (settings.isGiven('lock')) return fileFailure(error, `${settings.sourceOf('lock')}: ${why}`);
  return new Error(`${why}; --lock FILE names another, --lock none does without`);
}

const lockExitCode = 3;

async function keep(plan: ReverseTunnelOptions, log: TunnelLog, signal: AbortSignal): Promise<number> {
  const tunnel = keepReverseTunnel({ ...plan, signal, onEvent: (event) => log.event(event) });
  const error = await tunnel.closed;
  if (error === undefined) return exitCodes.ok;
  return isWrongUse(error) ? exitCodes.usage : exitCodes.failed;
}
