import { type OptionSpec, variableOf } from './args/option-spec.ts';
import type { CliCommand } from './commands/command.ts';
import { shownConnectionSpecsOf } from './commands/specs.ts';
import { generalOptions } from './connect/options.ts';

const program = 'ssh-via-gateway';

/** The front page. */
export function overview(commands: readonly CliCommand[]): string {
  const names = Math.max(...commands.map(({ name }) => name.length));
  return [
    `${program}: reach PCs behind an SSH gateway, over unreliable tunnels.`,
    '',
    `Usage: ${program} COMMAND [options] [user@]host[:port] ...`,
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(names)}  ${summary}`),
    '',
    `  ${program} COMMAND --help   explains a command, with examples`,
    `  ${program} --version`,
    '',
    'The destination is what ssh takes: a host, or an alias of ~/.ssh/config. Start with:',
    '',
    `  ${program} doctor rpa@gateway.example.com:9012     what works, what does not, and what to do`,
    `  ${program} demo                                    see it all on servers in this process`,
  ].join('\n');
}

/** The page of one command. */
export function helpOf(command: CliCommand): string {
  const { usage, summary, about, options, connects, examples, exitCodes } = command;
  return [
    ...usage.map((line, index) => `${index === 0 ? 'Usage:' : '      '} ${program} ${line}`),
    '',
    `${summary}.`,
    ...about.flatMap((paragraph) => ['', ...wrap(paragraph, 100)]),
    ...section(
      'Examples',
      examples.flatMap(([what, line]) => [`  # ${what}`, `  ${program} ${line}`]),
    ),
    ...section('Options', options.flatMap(optionLines)),
    ...section('Connection', shownConnectionSpecsOf(command).flatMap(optionLines)),
    ...section('General', generalOptions.flatMap(optionLines)),
    ...(connects ? ['', ...settingsNote] : []),
    ...section(
      'Exit codes',
      exitCodes.map(([code, meaning]) => `  ${code.padEnd(8)} ${meaning}`),
    ),
  ].join('\n');
}

const settingsNote = [
  `Options in the environment: ${variableOf('user')}, ${variableOf('identity')} and so on for the options marked *;`,
  `${variableOf('destination')} for the destination; ${variableOf('password')} and ${variableOf('passphrase')}, which are`,
  'never taken from arguments. Arguments come first, then the environment, then ssh_config. TIME is 30s, 500ms, 5m, 1h.',
];

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines];
}

const column = 36;

function optionLines({ name, short, value, env, ...spec }: OptionSpec): string[] {
  const long = `--${name}${value ? ` ${value}` : ''}`;
  const left = `  ${short ? `-${short}, ` : '    '}${long}${env ? ' *' : ''}`;
  const help = spec.default === undefined ? spec.help : `${spec.help}. Default: ${spec.default}`;
  const [first = '', ...rest] = wrap(help, 110 - column);
  const indented = rest.map((line) => ' '.repeat(column) + line);
  if (left.length > column - 2) return [left, ' '.repeat(column) + first, ...indented];
  return [left.padEnd(column) + first, ...indented];
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
