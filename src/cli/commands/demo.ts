import { oneOf } from '../args/checks.ts';
import type { OptionSpec } from '../args/option-spec.ts';
import { exitCodes } from '../exit-codes.ts';
import { say } from '../io.ts';
import { UsageError } from '../usage-error.ts';
import type { CliCommand } from './command.ts';
import { refuseMore } from './positionals.ts';

const states = ['up', 'down', 'pc-sshd-down', 'zombie'] as const;

const options: readonly OptionSpec[] = [
  {
    name: 'keep',
    help: 'only a gateway and a PC, which stay until Ctrl-C, for commands in another terminal',
  },
  {
    name: 'state',
    value: 'STATE',
    check: oneOf(...states),
    help: `with --keep: the state of the PC: ${states.slice(0, -1).join(', ')} or ${states.at(-1)}`,
    default: states[0],
  },
];

export const demoCommand: CliCommand = {
  name: 'demo',
  summary: 'Show the main job with servers in this process: tunnel, zombie, command, files',
  usage: ['demo', 'demo --keep [--state STATE]'],
  about: [
    'A gateway and a Korean Windows PC are started on loopback ports, real SSH servers both. The PC keeps its tunnel, vanishes, leaves a zombie, comes back; a worker gets its connection all the same, runs a command and moves a file up and down. Takes about five seconds, needs no network, leaves nothing behind.',
    "With --keep nothing happens by itself: gateway and PC wait for the commands of another terminal, and the lines to type there are printed, with a key, the host keys and an ssh_config made for them in a folder that is removed at the end. What is put on the PC is kept in memory. Other users of this machine can log in there, too: the servers neither run this machine's commands nor give access to its files.",
  ],
  options,
  connects: false,
  examples: [
    ['see it', 'demo'],
    ['a gateway and a PC to try commands on, until Ctrl-C', 'demo --keep'],
    ['a PC that has vanished, to see what doctor says', 'demo --keep --state zombie'],
  ],
  exitCodes: [
    ['0', 'all of it happened; with --keep: stopped by Ctrl-C or SIGTERM'],
    ['1', 'something did not'],
    ['2', 'wrong use'],
    ['130', 'without --keep: stopped by Ctrl-C'],
  ],
  async run({ settings, io, positionals }) {
    refuseMore(positionals, 0, 'no argument');
    // Loaded on demand: only the demo needs servers.
    if (settings.flag('keep')) {
      const { keepDemo } = await import('../demo/keep.ts');
      await keepDemo(settings.choice('state', states) ?? states[0], io);
      return exitCodes.ok;
    }
    if (settings.isGiven('state')) throw new UsageError('--state only works with --keep');
    const { runDemo } = await import('../demo/demo.ts');
    return runDemo((line) => say(io.stdout, line), io.signal);
  },
};
