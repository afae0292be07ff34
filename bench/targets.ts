import { javascriptPeers } from './support/types.ts';

/** A goal. The ratio is that of medians of one run, above 1 if we are better. */
export interface Goal {
  case: string;
  /** At least this many times as good as the best of these. `everyone` means every other contender. */
  atLeast?: { times: number; against: readonly string[] | 'everyone' };
  /** At most this value, in the unit of the case. */
  atMost?: number;
  /** At least this value. */
  noLess?: number;
}

const plain = ['ssh2', 'ssh2 no-delay'];
const noDelay = ['ssh2 no-delay'];
const openssh = ['OpenSSH sftp'];

const better = (id: string, times: number, against: readonly string[] | 'everyone'): Goal => ({
  case: id,
  atLeast: { times, against },
});

/** This many times as good as OpenSSH's sftp, and ahead of all others too. */
const far = (id: string, times: number): Goal[] => [better(id, times, openssh), better(id, 1, 'everyone')];

export const goals: readonly Goal[] = [
  // Five round trips, measured with a clock.
  { case: 'round-trips', atMost: 5.4 },
  better('connect-50', 1, 'everyone'),
  better('exec-1', 1, noDelay),
  better('exec-8', 1, 'everyone'),
  better('exec-8-roomy', 1, noDelay),
  better('exec-8-50', 1, 'everyone'),
  better('exec-8-50-roomy', 1, 'everyone'),
  { case: 'exec-8-50-roomy', noLess: 140 },
  // At most 1.05 times the processor time.
  better('exec-cpu', 1 / 1.05, noDelay),
  better('put-0', 1, javascriptPeers),
  ...far('put-50', 3),
  ...far('put-200', 4),
  better('get-0', 1, javascriptPeers),
  ...far('get-50', 4),
  ...far('get-200', 5),
  better('put-small-0', 1, 'everyone'),
  better('get-small-0', 1, 'everyone'),
  ...far('put-small-50', 5),
  ...far('get-small-50', 5),
  better('cold-put-small', 1, noDelay),
  better('cold-get-small', 1.1, noDelay),
  better('cold-get-large', 1, noDelay),
  { case: 'cold-put-16-trips', atMost: 7.4 },
  { case: 'cold-get-16-trips', atMost: 5.4 },
  better('output', 0.95, plain),
  { case: 'output-memory', atMost: 120 },
  better('input', 0.95, plain),
  { case: 'input-memory', atMost: 120 },
  // At most 1.1 times the processor time.
  better('many-cpu', 1 / 1.1, noDelay),
  // At most 1.2 times the memory.
  better('many-memory', 1 / 1.2, noDelay),
  better('import-least', 1, ['ssh2']),
  { case: 'packages', atMost: 15 },
  { case: 'packed', atMost: 0.5 },
  { case: 'unpacked', atMost: 1.8 },
  { case: 'bundle', atMost: 60 },
];
