import { expect, it } from 'vitest';
import { dataOf, Frames } from '../../src/sftp/flow/frames.ts';

const maxWrite = 32 * 1024;

it('reuses a returned buffer, also for another file of similar size', () => {
  const frames = new Frames();
  const pool = frames.pool(1_000, maxWrite);
  const frame = pool.take();
  expect(pool.take()).not.toBe(frame);
  pool.give(frame);
  expect(frames.pool(900, maxWrite).take()).toBe(frame);
});

it.each([
  [0, 1],
  [1, 2],
  [1_000, 1_024],
  [1_023, 1_024],
  [1_024, 2_048],
  [10 * maxWrite, maxWrite],
])('has buffers for a file of %i bytes that hold %i bytes', (size, room) => {
  const pool = new Frames().pool(size, maxWrite);
  expect(pool.blockSize).toBe(room);
  expect(dataOf(pool.take(), room)).toHaveLength(room);
});
