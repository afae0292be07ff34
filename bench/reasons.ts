import type { Reasons } from './report/behind.ts';

const program = 'It is a small C program; an empty Node process alone holds about 40 MiB.';
const stream =
  'Each piece passes one stream more, which keeps the limits and answers every write; runs differ by more than that.';
const part = 'ssh2 is a part of what is compared with it here.';
const held =
  "While it connects, each holds 23 KiB of V8's heap instead of 10 and allocates 110 KiB instead of 63, 10 of them for the first session, which is requested behind its login; so V8 doubles its young generation once more, to 8 MiB twice, and keeps it. At rest each holds 18 KiB instead of 13, for its limits, its watch over the peer and its line of waiting commands.";

/** Written by hand once the cause is known; the report lists them where another contender is first. */
export const reasons: Reasons = {
  output: stream,
  input: stream,
  'output-memory': program,
  'input-memory': program,
  'many-cpu': held,
  'many-memory': held,
  'many-memory-held': held,
  import: part,
  'import-least': part,
  packages: part,
  'install-size': `${part} Beyond it there are the tables of code pages, the mock server and ssh2 for bundlers.`,
};
