import { describe, expect, it } from 'vitest';
import { nameProblem } from '../../src/sftp/names/listed-names.ts';
import { isRoot, remotePath, windowsProblem } from '../../src/sftp/names/paths.ts';
import { backupName, freshTempName, lastingTempName } from '../../src/sftp/names/temp-name.ts';

const windows = 'SSH-2.0-OpenSSH_for_Windows_9.5';
const linux = 'SSH-2.0-OpenSSH_9.2p1';

describe('a remote path', () => {
  it.each([
    ['C:\\rpa\\in.json', '/C:/rpa/in.json'],
    ['C:/rpa/in.json', '/C:/rpa/in.json'],
    ['/C:/rpa/in.json', '/C:/rpa/in.json'],
    ['C:', '/C:/'],
    ['C:\\', '/C:/'],
    ['C:\\dir\\', '/C:/dir'],
    ['dir\\file', 'dir/file'],
    ['dir/file', 'dir/file'],
    ['\\\\server\\share\\x', '//server/share/x'],
    ['.', '.'],
    ['/', '/'],
  ])('on Windows, %s is %s', (path, expected) => {
    expect(remotePath(path, 'path', windows)).toBe(expected);
  });

  it.each([
    ['a\\b', 'a\\b'],
    ['/a/b/', '/a/b'],
    ['/', '/'],
    ['a:b', 'a:b'],
    ['c:/x', '/c:/x'],
    ['D:\\x y', '/D:/x y'],
    ['cc:/x', 'cc:/x'],
  ])('elsewhere, %s is %s', (path, expected) => {
    expect(remotePath(path, 'path', linux)).toBe(expected);
    expect(remotePath(path, 'path', undefined)).toBe(expected);
  });

  it('must be a string that is not empty and has no NUL', () => {
    for (const path of ['', 'a\0', 1, null, undefined, {}]) {
      expect(() => remotePath(path, 'remotePath', linux)).toThrow(/^argument remotePath: .* given; a path/);
    }
  });

  it('is recognized as a root in every spelling', () => {
    for (const path of ['/', '//', '.', './', '..', '/C:', '/C:/']) expect(isRoot(path)).toBe(true);
    for (const path of ['/a', 'a', '/C:/a', '...']) expect(isRoot(path)).toBe(false);
  });
});

describe('a name that a server sends', () => {
  const check = (name: string, platform: NodeJS.Platform = 'linux') =>
    nameProblem(Buffer.from(name), name, platform);

  it('may be anything that stays one name', () => {
    for (const name of [
      'a',
      '한글',
      '🙂',
      '-rf',
      '..x',
      'x..',
      'a b',
      "it's",
      'con1',
      'aux_',
      '.hidden',
      'a\nb',
    ]) {
      expect(check(name)).toBeUndefined();
    }
  });

  it('must not lead elsewhere or be a device', () => {
    const bad = [
      '',
      '.',
      '..',
      '/',
      'a/b',
      '../x',
      'a\\b',
      'C:',
      'c:x',
      'a\0',
      'n'.repeat(256),
      '한'.repeat(86),
    ];
    for (const name of [...bad, 'CON', 'con.txt', 'Aux', 'nul', 'LPT9.x', 'COM¹'])
      expect(check(name)).toBeDefined();
  });

  it('must be one that Windows can store, on Windows', () => {
    for (const name of ['a:b', 'a?', 'x.', 'x ', '<', 'a\nb', 'a"']) {
      expect(check(name, 'win32')).toBeDefined();
      expect(windowsProblem(name)).toBeDefined();
    }
  });

  it('must be UTF-8, else it could not be requested', () => {
    const raw = Buffer.from([0xc7, 0xd1]);
    expect(nameProblem(raw, raw.toString('utf8'))).toContain('UTF-8');
  });
});

describe('a temporary name', () => {
  it('is in the same folder, fits into 255 bytes, and splits no character', () => {
    for (const name of ['f', 'n'.repeat(255), '한'.repeat(85), '🙂'.repeat(63)]) {
      for (const make of [lastingTempName, freshTempName, backupName]) {
        const path = make(`/some/folder/${name}`);
        expect(path.startsWith('/some/folder/.')).toBe(true);
        const made = path.slice('/some/folder/'.length);
        expect(Buffer.byteLength(made)).toBeLessThanOrEqual(255);
        expect(Buffer.from(made).toString()).toBe(made);
        expect(made).not.toContain('\ufffd');
      }
    }
  });

  it('keeps as much of the name as fits, and all of a short one', () => {
    const ending = /\.[0-9a-f]{8}\.part$/;
    const keptOf = (name: string) => lastingTempName(`/${name}`).slice(2).replace(ending, '');
    // 255 bytes, less two dots, eight digits and `.part`.
    for (const length of [1, 239, 240, 241]) {
      const kept = Math.min(length, 240);
      expect(keptOf('n'.repeat(length))).toBe('n'.repeat(kept));
      expect(keptOf('한'.repeat(length))).toBe('한'.repeat(Math.min(length, 80)));
      expect(keptOf(`n${'🙂'.repeat(length)}`)).toBe(`n${'🙂'.repeat(Math.min(length, 59))}`);
    }
  });

  it('is the same for the same path, and otherwise unique', () => {
    expect(lastingTempName('/a/b')).toBe(lastingTempName('/a/b'));
    expect(lastingTempName('/a/b')).not.toBe(lastingTempName('/a/c'));
    expect(freshTempName('/a/b')).not.toBe(freshTempName('/a/b'));
  });
});
