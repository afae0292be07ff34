import type { BlockSink } from './receiver.ts';

interface EarlyBlock {
  pieces: Buffer[];
  length: number;
  done: (error?: Error | null) => void;
}

/** Passes blocks on in the order of their positions, whatever the order in which they arrive. */
export function orderedSink(
  start: number,
  take: (pieces: Buffer[], done: (error?: Error | null) => void) => void,
): BlockSink {
  const early = new Map<number, EarlyBlock>();
  let next = start;
  const pass = () => {
    for (let block = early.get(next); block; block = early.get(next)) {
      early.delete(next);
      next += block.length;
      take(block.pieces, block.done);
    }
  };
  return {
    accept(position, pieces, length, done) {
      early.set(position, { pieces, length, done });
      pass();
    },
  };
}
