import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkLocalName } from '../../src/sftp/names/paths.ts';
import { moveLocally, removeHere } from '../../src/sftp/transfer/local-in-use.ts';
import { localFolder, rejection } from '../support/mock-sftp.ts';

/** A rename that is refused so often before it works. */
function refusing(code: string, times: number) {
  const tries: string[] = [];
  const move = async (from: string) => {
    tries.push(from);
    if (tries.length <= times) throw Object.assign(new Error(`${code}: rename`), { code });
  };
  return { move, tries };
}

describe('a local file that another program has open', () => {
  it.each(['EPERM', 'EACCES', 'EBUSY'])('is tried again after %s on Windows', async (code) => {
    const { move, tries } = refusing(code, 2);
    await moveLocally('a', 'b', { move, platform: 'win32' });
    expect(tries).toHaveLength(3);
  });

  it.each([
    ['EPERM', 'linux'],
    ['ENOENT', 'win32'],
  ] as const)('is not meant by %s on %s', async (code, platform) => {
    const { move, tries } = refusing(code, 2);
    expect(await rejection(moveLocally('a', 'b', { move, platform }))).toMatchObject({ code });
    expect(tries).toHaveLength(1);
  });

  it('is named when it stays open, and may be tried again', async () => {
    const { move } = refusing('EBUSY', Number.POSITIVE_INFINITY);
    expect(await rejection(moveLocally('a', 'b', { move, platform: 'win32' }))).toMatchObject({
      message: 'it is open in another program',
      retryable: true,
      cause: { code: 'EBUSY' },
    });
  });

  it('is not waited for when the transfer is over', async () => {
    const { move, tries } = refusing('EBUSY', Number.POSITIVE_INFINITY);
    const reason = new Error('enough');
    const run = {
      alive: () => {},
      throwIfFailed: () => {
        if (tries.length > 1) throw reason;
      },
    };
    expect(await rejection(moveLocally('a', 'b', { move, run, platform: 'win32' }))).toBe(reason);
  });

  it('is renamed and removed as ever elsewhere', async () => {
    await using folder = await localFolder();
    await writeFile(join(folder.path, 'a'), 'x');
    await moveLocally(join(folder.path, 'a'), join(folder.path, 'b'));
    expect(await readFile(join(folder.path, 'b'), 'utf8')).toBe('x');
    await removeHere(join(folder.path, 'b'));
    await removeHere(join(folder.path, 'b'));
    expect(await readdir(folder.path)).toEqual([]);
  });
});

describe('a local path', () => {
  it.each(['C:\\t\\NUL', 'aux.txt', 'C:/t/a.txt:s', 'tr.', 'C:\\t\\con'])(
    '%s is refused on Windows',
    (path) => {
      expect(() => checkLocalName(path, 'win32')).toThrow(RangeError);
      expect(() => checkLocalName(path, 'linux')).not.toThrow();
    },
  );

  it.each(['C:\\t\\a.txt', 'C:\\', '.', '..\\x', '\\\\?\\C:\\t\\송장'])('%s is taken on Windows', (path) => {
    expect(() => checkLocalName(path, 'win32')).not.toThrow();
  });
});
