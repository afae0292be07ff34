import type { Reasons } from './report/behind.ts';

const program = 'It is a small C program; an empty Node process alone holds about 40 MiB.';
const part = 'ssh2 is a part of what is compared with it here.';
const held =
  'Each connection also holds its limits, its watch over the peer and its line of waiting commands.';

/** Written by hand, once the cause is known; the report lists them where somebody else is first. */
export const reasons: Reasons = {
  'exec-8-roomy':
    'With both processors busy, what each command adds on top of ssh2 shows: its errors, limits, streams and line. On the MaxSessions that most servers have, ssh2 alone fails.',
  'put-small-0':
    'The loop over fastPut writes into the targets and looks at nothing afterwards: three requests a file. Here it is five: a temporary name, its size looked at, and the rename.',
  input:
    'One write at a time is handed to the channel, and the next is asked for once it has left: memory instead of speed. Without setNoDelay(true), as its documentation uses it, ssh2 is slower than this.',
  'output-memory': program,
  'input-memory': program,
  'many-memory': held,
  'many-memory-held': held,
  import: part,
  'import-least': part,
  packages: part,
  'install-size': `${part} Beyond it there are the tables of code pages, the mock server and the builds for bundlers.`,
};
