import type { Reasons } from './report/behind.ts';

const program = 'It is a small C program; an empty Node process alone holds about 40 MiB.';
const stream =
  'Each piece passes one stream more, which keeps the limits and answers every write; runs differ by more than that.';
const part = 'ssh2 is a part of what is compared with it here.';
const turns =
  'Those to one near server log in eight at a time: sshd by default drops some beyond nine, and the event loop is stopped for a fifth of a second instead of several. What one after another does in small steps takes more processor time than in crowds; without a limit it would be 0.7 times as much as ssh2, and 1.4 times the memory.';
const held =
  'While it waits for its turn, each holds 5 KiB. Until it has connected it allocates 95 KiB instead of 63, 10 of them for the first session, which is requested behind its login. At rest each holds 17 KiB instead of 13, for its limits, its watch over the peer and its line of waiting commands.';

const loading =
  'Connecting is outside the clock. The code that moves files is loaded and compiled with the first transfer of a process; ssh2 loads all of its own before.';
const ten =
  'Ten sessions allow 100 commands a second at most. Those opened ahead are among the ten, and a new one waits a tenth of a round trip after an end, lest it be refused.';

/** Written by hand once the cause is known; the report lists them where another contender is first. */
export const reasons: Reasons = {
  'exec-8-50': ten,
  'cold-put-0.0625-0': loading,
  'cold-put-1-0': loading,
  'cold-put-4-0': loading,
  'cold-get-0.0625-0': loading,
  'cold-get-1-0': loading,
  'cold-get-4-0': loading,
  'cold-get-16-0': loading,
  output: stream,
  input: stream,
  'output-memory': program,
  'input-memory': program,
  'many-cpu': turns,
  'many-memory': held,
  'many-memory-held': held,
  packages: part,
  packed: part,
  unpacked: part,
  'install-size': `${part} Beyond it there are the tables of code pages, the mock server and ssh2 for bundlers.`,
};
