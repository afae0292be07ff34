import { withConnection } from '../connect/open.ts';
import { runShell } from '../shell/run-shell.ts';
import { UsageError } from '../usage-error.ts';
import type { CliCommand } from './command.ts';
import { afterDestination } from './positionals.ts';

export const shellCommand: CliCommand = {
  name: 'shell',
  summary: 'Open a shell on the PC, in this terminal',
  usage: ['shell [options] DESTINATION'],
  about: [
    'Every key goes to the shell, Ctrl-C too, and what it shows passes through as it is. The terminal is restored however the shell ends. Enter, then ~. leaves a shell that no longer responds.',
    'It needs a terminal: scripts are better off with exec.',
  ],
  options: [],
  connects: true,
  examples: [['look around on a PC', 'shell rpa@gateway.example.com:9012']],
  exitCodes: [
    ['0-254', 'the exit code of the shell'],
    ['128+n', 'the shell was ended by signal n, or you stopped it from outside'],
    ['2', 'wrong use, or no terminal (or the shell itself ended with 2)'],
    ['255', 'no connection, connection lost, or left by ~.'],
  ],
  async run({ settings, positionals, io }) {
    const { destination } = afterDestination({ settings, positionals, io }, []);
    if (!io.stdin.isTTY || !io.stdin.setRawMode) {
      throw new UsageError('shell needs a terminal as its input; in scripts, use exec');
    }
    return withConnection(destination, { settings, io }, (connection) => runShell(connection, io));
  },
};
