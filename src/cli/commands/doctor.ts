import type { OptionSpec } from '../args/option-spec.ts';
import { logTo } from '../connect/open.ts';
import { targetOptions } from '../connect/target.ts';
import { examine } from '../doctor/doctor.ts';
import { renderStep, renderSummary } from '../doctor/render.ts';
import { exitCodeOf, type Step, steps } from '../doctor/steps.ts';
import { type Io, say } from '../io.ts';
import type { ConnectOptions } from '../library.ts';
import { jsonText } from '../report/json.ts';
import { UsageError } from '../usage-error.ts';
import type { Command } from './command.ts';

const options: readonly OptionSpec[] = [
  { name: 'json', help: 'print one JSON document: every step with verdict, words, time and facts' },
  { name: 'strict', help: 'a warning counts as a failure' },
];

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'Say what works on the way to a PC, what does not, and what to do',
  usage: ['doctor [options] DESTINATION'],
  about: [
    'Goes the way that a worker goes, step by step, and times each: the name, TCP, the first line of the server (banner), the keys, the host key, the login, a command, SFTP, how many commands run at once, keepalive, the clock, the shell and its code page.',
    'Makes one attempt only, because repeated ones keep a zombie tunnel alive, and writes nothing. A second connection is made to see whether the server answers keepalives.',
  ],
  options,
  connects: true,
  examples: [
    ["a PC behind a gateway's published port", 'doctor rpa@gateway.example.com:9012'],
    ['an alias of ssh_config, with a shorter wait for a zombie', 'doctor --banner-timeout 10s pc-of-kim'],
    ['a customer of the customers file', 'doctor -c acme'],
    ['for a program', 'doctor --json pc-of-kim'],
  ],
  exitCodes: [
    ['0', 'it works, maybe with warnings'],
    ['2', 'wrong use'],
    ...Object.values(steps).map(({ title, exitCode }) => [String(exitCode), `${title} failed`] as const),
    ['130', 'stopped by Ctrl-C'],
  ],
  async run({ settings, positionals, io }) {
    if (positionals.length > 1) throw new UsageError('Give one destination');
    const connect = await targetOptions(positionals[0], { settings, io });
    const isJson = settings.flag('json');
    const found = await examine({
      connect: settings.flag('verbose') ? { ...connect, log: logTo(io) } : connect,
      signal: io.signal,
      onStep: (step) => !isJson && sayStep(step, io),
    });
    const exitCode = exitCodeOf(found, settings.flag('strict'));
    say(io.stdout, isJson ? toJson(connect, found, exitCode) : `\n${renderSummary(found, exitCode)}`);
    return exitCode;
  },
};

function sayStep(step: Step, io: Io): void {
  for (const line of renderStep(step)) say(io.stdout, line);
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
