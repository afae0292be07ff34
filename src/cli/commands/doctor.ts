import { oneOf } from '../args/checks.ts';
import type { OptionSpec } from '../args/option-spec.ts';
import { asTime } from '../args/values.ts';
import { logTo } from '../connect/open.ts';
import { targetOptions } from '../connect/target.ts';
import { examine } from '../doctor/doctor.ts';
import { lookOf, type ReportStyle, renderStep, renderSummary, renderUnreached } from '../doctor/render.ts';
import { exitCodeOf, type Step, steps } from '../doctor/steps.ts';
import { wholeRun } from '../doctor/visit.ts';
import { languageOf, languages, wordsOf } from '../doctor/words/language.ts';
import { type Io, say } from '../io.ts';
import type { ConnectOptions } from '../library.ts';
import { jsonText } from '../report/json.ts';
import type { CliCommand } from './command.ts';
import { refuseMore } from './positionals.ts';

/** Shorter than a worker's, so that a run takes less than a minute. They also apply to jump hosts. */
const limits = {
  'tcp-timeout': '10s',
  'banner-timeout': '30s',
  'handshake-timeout': '15s',
  'auth-timeout': '20s',
  'total-timeout': asTime(wholeRun),
};

const options: readonly OptionSpec[] = [
  {
    name: 'json',
    help: 'print one JSON document: every step with verdict, words, time and facts, always in English',
  },
  {
    name: 'lang',
    value: 'LANG',
    env: true,
    check: oneOf(...languages),
    help: 'en or ko',
    default: 'as LC_ALL, LC_MESSAGES or LANG says',
  },
  { name: 'strict', help: 'a warning counts as a failure' },
];

export const doctorCommand: CliCommand = {
  name: 'doctor',
  summary: 'Say what works on the way to a PC, what does not, and what to do',
  usage: ['doctor [options] DESTINATION'],
  about: [
    'Takes the way that a worker takes, step by step, and times each step: the name, TCP, the first line of the server (banner), the keys, the host key, the login, a command, SFTP, how many commands run at once, keepalive, the clock, the shell and its code page, the disk, and how a Windows PC is set up (OpenSSH version, rights, WMI, PowerShell, sleep, start-up type).',
    'Makes one attempt only, because repeated ones keep a zombie tunnel alive, and takes less than a minute, unless --total-timeout and the other limits say otherwise or the line is slow: what each step may take grows with the round trip. A second connection is made to see whether the server answers keepalives.',
    "A small file is written in the account's home, and removed again. Nothing else is written but the host key, with --accept-new.",
  ],
  options,
  connects: true,
  // It makes only one attempt.
  idle: ['attempts', 'quiet-after-zombie'],
  defaults: limits,
  examples: [
    ["a PC behind a gateway's published port", 'doctor rpa@gateway.example.com:9012'],
    ['an alias of ssh_config, with a shorter wait for a zombie', 'doctor --banner-timeout 10s pc-of-kim'],
    ['a customer of the customers file', 'doctor -c acme'],
    ['in Korean', 'doctor --lang ko rpa@gateway.example.com:9012'],
    ['for a program', 'doctor --json pc-of-kim'],
  ],
  exitCodes: [
    ['0', 'it works, maybe with warnings'],
    ['2', 'wrong use'],
    ...Object.values(steps).map(({ title, exitCode }) => [String(exitCode), `${title} failed`] as const),
    ['130', 'stopped by Ctrl-C'],
  ],
  async run({ settings, positionals, io }) {
    refuseMore(positionals, 1, '[user@]host[:port]');
    const language = settings.choice('lang', languages) ?? languageOf(io.env);
    const connect = await targetOptions(positionals[0], { settings: settings.withDefaults(limits), io });
    const isJson = settings.flag('json');
    const look = lookOf(io, wordsOf(isJson ? 'en' : language));
    const found = await examine({
      connect: settings.flag('verbose') ? { ...connect, log: logTo(io) } : connect,
      words: look.words,
      signal: io.signal,
      mayTakeLonger: !settings.isGiven('total-timeout'),
      onStep: (step) => !isJson && isWorthALine(step, look) && sayStep(step, look, io),
    });
    const exitCode = exitCodeOf(found, settings.flag('strict'));
    if (isJson) say(io.stdout, toJson(connect, found, exitCode));
    else sayEnd(found, exitCode, look, io);
    return exitCode;
  },
};

/** Steps that were not reached share one line at the end. */
function isWorthALine({ says }: Step, { words }: ReportStyle): boolean {
  return says !== words.skipped.notReached && says !== words.windows.notWindows;
}

function sayStep(step: Step, look: ReportStyle, io: Io): void {
  for (const line of renderStep(step, look)) say(io.stdout, line);
}

function sayEnd(found: readonly Step[], exitCode: number, look: ReportStyle, io: Io): void {
  for (const line of renderUnreached(found, look)) say(io.stdout, line);
  say(io.stdout, `\n${renderSummary(found, exitCode, look)}`);
}

function toJson(
  { host, port = 22, username }: ConnectOptions,
  found: readonly Step[],
  exitCode: number,
): string {
  const rounded = found.map(({ ms, ...step }) => ({
    ...step,
    ...(ms === undefined ? {} : { ms: Math.round(ms) }),
  }));
  return jsonText({ host, port, username, ok: exitCode === 0, exitCode, steps: rounded }, 2);
}
