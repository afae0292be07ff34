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

it('writes on where the file system stopped, in the middle of a piece too', async () => {
  const file = stingy(4);
  expect(await file.write(2, 'abc', 'defgh', 'ij')).toBeNull();
  expect(file.text()).toBe('..abcdefghij');
  expect(file.writes()).toBe(3);
});

it('writes blocks that follow each other in one call, and others where they belong', async () => {
  const file = stingy(100);
  const first = file.write(0, 'a');
  const rest = [file.write(1, 'b'), file.write(2, 'c'), file.write(10, 'z'), file.write(3, 'd')];
  expect(await Promise.all([first, ...rest])).toEqual([null, null, null, null, null]);
  expect(file.text()).toBe('abcd......z');
  expect(file.writes()).toBe(4);
});

it('is told when the file system takes nothing any more', async () => {
  expect(await stingy(0).write(0, 'a')).toMatchObject({ message: 'the file system took no more bytes' });
});
