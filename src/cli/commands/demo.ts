import { say } from '../io.ts';
import type { Command } from './command.ts';
import { refuseMore } from './positionals.ts';

export const demoCommand: Command = {
  name: 'demo',
  summary: 'Show the main job on servers in this process: tunnel, zombie, command, files',
  usage: ['demo'],
  about: [
    'A gateway and a Korean Windows PC are started on loopback ports, real SSH servers both. The PC keeps its tunnel, vanishes, leaves a zombie, comes back; a worker gets its connection all the same, runs a command and moves a file up and down. Takes about five seconds, needs no network, leaves nothing behind.',
  ],
  options: [],
  connects: false,
  examples: [['see it', 'demo']],
  exitCodes: [
    ['0', 'all of it happened'],
    ['1', 'something did not'],
  ],
  async run({ io, positionals }) {
    refuseMore(positionals, 0, 'no argument');
    // Only the demo needs servers: loaded when it is asked for.
    const { runDemo } = await import('../demo/demo.ts');
    return runDemo((line) => say(io.stdout, line));
  },
};
