import { nearest } from '../text/nearest.ts';
import { printable } from '../text/printable.ts';
import { parse } from './args/parse.ts';
import type { CliCommand } from './commands/command.ts';
import { commands } from './commands/index.ts';
import { specsOf } from './commands/specs.ts';
import { exitCodes } from './exit-codes.ts';
import { helpOf, overview } from './help.ts';
import { type Io, lossOf, watchOutputs, write } from './io.ts';
import { type ReportOptions, reportFailure } from './report/failure.ts';
import { UsageError } from './usage-error.ts';
import { packageVersion } from './version.ts';

/** The program: runs the command that `argv` names. Resolves to the exit code; never rejects. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  watchOutputs(io);
  const code = await dispatch(argv, io);
  const loss = await lossOf(io.stdout);
  if (loss === undefined) return code;
  const failed = reportFailure(loss, io);
  // What went wrong before says more.
  return code === exitCodes.ok ? failed : code;
}

async function dispatch(argv: readonly string[], io: Io): Promise<number> {
  const { name, rest } = nameOf(argv);
  try {
    if (name === undefined) throw new UsageError(`Give a command.\n\n${overview(commands)}`);
    if (['--help', '-h', 'help'].includes(name)) return await help(nameOf(rest).name, io);
    if (['--version', '-V', 'version'].includes(name)) return await print(packageVersion(), io);
    if (isFamily(name) && !isCommand(name)) return await print(overview(membersOf(name)), io);
    return await runCommand(findCommand(name), rest, io);
  } catch (error) {
    return reportFailure(error, io);
  }
}

/** Some commands consist of two words: `job start`. */
function nameOf(argv: readonly string[]): { name: string | undefined; rest: readonly string[] } {
  const [first, second, ...others] = argv;
  const both = `${first} ${second}`;
  const isMeant = isCommand(both) || (isFamily(first ?? '') && !isCommand(first ?? ''));
  if (isMeant && second !== undefined && !second.startsWith('-')) return { name: both, rest: others };
  return { name: first, rest: argv.slice(1) };
}

function isFamily(word: string): boolean {
  return membersOf(word).length > 0;
}

function isCommand(name: string): boolean {
  return commands.some((command) => command.name === name);
}

function membersOf(word: string): CliCommand[] {
  return commands.filter(({ name }) => name.startsWith(`${word} `));
}

async function runCommand(command: CliCommand, argv: readonly string[], io: Io): Promise<number> {
  const report: ReportOptions = { command: command.name, json: wantsJson(command, argv) };
  try {
    const specs = specsOf(command);
    const hasRest = command.hasRest ?? false;
    const { settings, positionals, rest } = parse(argv, { specs, env: io.env, hasRest });
    if (settings.flag('help')) return await print(helpOf(command), io);
    Object.assign(report, { verbose: settings.flag('verbose'), json: settings.flag('json'), settings });
    settings.check();
    io.signal.throwIfAborted();
    return await command.run({ settings, positionals, rest, io });
  } catch (error) {
    return reportFailure(error, io, report);
  }
}

/** Decided before the arguments are parsed: errors in them are reported as JSON too. */
function wantsJson({ options }: CliCommand, argv: readonly string[]): boolean {
  const own = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  return options.some(({ name }) => name === 'json') && own.includes('--json');
}

async function help(name: string | undefined, io: Io): Promise<number> {
  if (name === undefined) return print(overview(commands), io);
  return print(
    isFamily(name) && !isCommand(name) ? overview(membersOf(name)) : helpOf(findCommand(name)),
    io,
  );
}

function findCommand(name: string): CliCommand {
  const found = commands.find((command) => command.name === name);
  if (found) return found;
  if (name.startsWith('-')) throw notACommand(name);
  const likely = nearest(
    name,
    commands.map((command) => command.name),
  );
  const hint = likely
    ? ` Did you mean ${likely}?`
    : ` There are ${commands.map((one) => one.name).join(', ')}.`;
  throw new UsageError(`There is no command ${printable(name, 40)}.${hint}`);
}

function notACommand(option: string): UsageError {
  const likely = nearest(option.replace(/^-+/, ''), ['help', 'version']);
  const hint = likely ? `did you mean --${likely}?` : 'ssh-via-gateway COMMAND [options]';
  return new UsageError(`The command comes first, and ${printable(option, 40)} is an option: ${hint}`);
}

async function print(text: string, io: Io): Promise<number> {
  await write(io.stdout, `${text}\n`);
  return exitCodes.ok;
}
