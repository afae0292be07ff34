import type { FileHandle } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { fileSink } from '../../src/sftp/flow/file-sink.ts';

/** A file system that takes at most so many bytes at once. */
function stingy(most: number) {
  const content = Buffer.alloc(100, '.');
  let writes = 0;
  const writev = async (pieces: Buffer[], position: number) => {
    writes++;
    const bytes = Buffer.concat(pieces).subarray(0, most);
    bytes.copy(content, position);
    return { bytesWritten: bytes.length };
  };
  const sink = fileSink({ writev } as unknown as FileHandle);
  const write = (position: number, ...texts: string[]) =>
    new Promise<Error | null | undefined>((resolve) => {
      const pieces = texts.map((text) => Buffer.from(text));
      sink.accept(position, pieces, Buffer.concat(pieces).length, resolve);
    });
  return { write, text: () => content.toString('latin1').replace(/\.+$/, ''), writes: () => writes };
}

it('continues a short write, even in the middle of a piece', async () => {
  const file = stingy(4);
  expect(await file.write(2, 'abc', 'defgh', 'ij')).toBeNull();
  expect(file.text()).toBe('..abcdefghij');
  expect(file.writes()).toBe(3);
});

it('writes adjacent blocks in one call, and others at their positions', async () => {
  const file = stingy(100);
  const first = file.write(0, 'a');
  const rest = [file.write(1, 'b'), file.write(2, 'c'), file.write(10, 'z'), file.write(3, 'd')];
  expect(await Promise.all([first, ...rest])).toEqual([null, null, null, null, null]);
  expect(file.text()).toBe('abcd......z');
  expect(file.writes()).toBe(4);
});

it('reports that the file system accepts no more bytes', async () => {
  expect(await stingy(0).write(0, 'a')).toMatchObject({ message: 'the file system took no more bytes' });
});

/** A file whose writes are answered by the test. */
function slow() {
  const asked: { at: number; bytes: string; answer: (error?: Error) => void }[] = [];
  const writev = (pieces: Buffer[], at: number) =>
    new Promise((resolve, reject) => {
      const bytes = Buffer.concat(pieces);
      const answer = (error?: Error) => (error ? reject(error) : resolve({ bytesWritten: bytes.length }));
      asked.push({ at, bytes: bytes.length > 20 ? `${bytes.length}` : bytes.toString(), answer });
    });
  const sink = fileSink({ writev } as unknown as FileHandle);
  const ends: unknown[] = [];
  const write = (at: number, bytes: string | number) => {
    const piece = typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.alloc(bytes);
    sink.accept(at, [piece], piece.length, (error) => void ends.push(error));
  };
  return { asked, write, ends, calls: () => asked.map(({ at, bytes }) => `${at} ${bytes}`) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('collects adjacent blocks during a write, up to a limit, and starts a new batch at a gap', async () => {
  const MiB = 1024 * 1024;
  const file = slow();
  file.write(0, 'a');
  file.write(1, 3 * MiB);
  file.write(1 + 3 * MiB, MiB);
  file.write(1 + 4 * MiB, 'b');
  file.write(2 + 4 * MiB, 5 * MiB);
  file.write(0, 'c');
  file.write(1, 'd');
  for (let count = 0; count < 5; count++) {
    file.asked[count]?.answer();
    await turn();
  }
  expect(file.calls()).toEqual([
    '0 a',
    `1 ${4 * MiB}`,
    `${1 + 4 * MiB} b`,
    `${2 + 4 * MiB} ${5 * MiB}`,
    '0 cd',
  ]);
  expect(file.ends).toEqual(Array(7).fill(null));
  file.write(2, 'e');
  expect(file.calls()).toHaveLength(6);
});

it('reports a failed batch to all its blocks, and writes those that arrived meanwhile', async () => {
  const file = slow();
  for (const at of [0, 1, 2]) file.write(at, 'x');
  file.asked[0]?.answer();
  await turn();
  const error = new Error('ENOSPC');
  file.asked[1]?.answer(error);
  file.write(9, 'y');
  await turn();
  expect(file.ends).toEqual([null, error, error]);
  expect(file.calls()).toEqual(['0 x', '1 xx', '9 y']);
});

it('takes no more time for each block the more of them wait', async () => {
  const sink = fileSink({ writev: async () => ({ bytesWritten: 1 }) } as unknown as FileHandle);
  const piece = [Buffer.alloc(1)];
  const blocks = 20_000;
  let left = blocks;
  await new Promise<void>((resolve) => {
    const done = () => void (--left === 0 && resolve());
    for (let index = 0; index < blocks; index++) sink.accept(index * 2, piece, 1, done);
  });
}, 3_000);
