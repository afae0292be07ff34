import { describe, expect, it } from 'vitest';
import { bytesOf, secondsOf } from '../../src/sftp/client/client-checks.ts';
import { toListEntry, toStats } from '../../src/sftp/client/remote-stats.ts';
import {
  fileType,
  isReadOnly,
  isTypeTold,
  newMode,
  permissions,
  specialKind,
} from '../../src/sftp/names/file-mode.ts';
import { isFolderThere, lookAtPath, lookBehind, withType } from '../../src/sftp/names/look.ts';
import { isRefused, saysMissing } from '../../src/sftp/names/missing.ts';
import { endOfLink } from '../../src/sftp/names/remote-link.ts';
import { backupName, freshTempName, lastingTempName, splitPath } from '../../src/sftp/names/temp-name.ts';
import { factsOf } from '../../src/windows/versions.ts';
import { refused } from '../support/fake-sftp.ts';
import { memorySftp } from '../support/memory-sftp.ts';

describe('a mode', () => {
  it.each([
    [0o100644, 'file', undefined, true],
    [0o644, 'file', undefined, false],
    [undefined, 'file', undefined, false],
    [0o040755, 'directory', undefined, true],
    [0o120777, 'symlink', undefined, true],
    [0o010644, 'other', 'a named pipe (FIFO)', true],
    [0o140644, 'other', 'a socket', true],
    [0o150644, 'other', 'something special', true],
  ])('gives the type: %o', (mode, type, kind, isTold) => {
    expect([fileType(mode), specialKind(mode), isTypeTold(mode)]).toEqual([type, kind, isTold]);
  });

  it('tells whether a file is writable, and the mode of a copy', () => {
    const modes = [0o100444, 0o100555, 0o444, 0o100644, 0o040555, undefined];
    expect(modes.map(isReadOnly)).toEqual([true, true, true, false, false, false]);
    expect([permissions(0o106755), newMode(0o104711), newMode(undefined)]).toEqual([0o755, 0o711, undefined]);
  });

  it('and the other attributes are converted for callers', () => {
    const all = { size: 5, mode: 0o104755, mtime: 9, atime: 8, uid: 1, gid: 2 };
    expect(toListEntry({ name: 'a', raw: Buffer.from('a'), attributes: all })).toEqual({
      ...{ name: 'a', type: 'file', size: 5, mode: 0o4755, uid: 1, gid: 2 },
      ...{ mtime: new Date(9_000), atime: new Date(8_000) },
    });
    expect(toStats({ mtime: 9, uid: 1 })).toEqual({
      ...{ type: 'file', size: 0, mode: 0, mtime: new Date(9_000), atime: new Date(9_000) },
    });
    expect(toStats({}).mtime).toEqual(new Date(0));
  });
});

describe('temporary names', () => {
  const hash = /^[0-9a-f]{8}$/;
  it('are in the folder of the file: a fixed one, and unique ones', () => {
    const [, folder, name, tag, kind] =
      /^(.*\/)\.(.*)\.(\w+)\.(part)$/.exec(lastingTempName('/in/a.txt')) ?? [];
    expect([folder, name, kind]).toEqual(['/in/', 'a.txt', 'part']);
    expect(tag).toMatch(hash);
    expect(lastingTempName('/in/a.txt')).toBe(lastingTempName('/in/a.txt'));
    expect(freshTempName('a')).toMatch(/^\.a\.[0-9a-f]{12}\.part$/);
    expect(freshTempName('a')).not.toBe(freshTempName('a'));
    expect(backupName('/a')).toMatch(/^\/\.a\.[0-9a-f]{12}\.old$/);
    expect(splitPath('a')).toEqual({ folder: '', name: 'a' });
    expect(splitPath('/a/b')).toEqual({ folder: '/a/', name: 'b' });
  });

  it('have at most 255 bytes, and no split characters', () => {
    const long = lastingTempName(`/${'ü'.repeat(200)}`);
    expect(Buffer.byteLength(long.slice(1))).toBe(255);
    expect(long).not.toContain('\ufffd');
    expect(Buffer.byteLength(lastingTempName(`/${'x'.repeat(300)}`))).toBe(256);
    expect(Buffer.byteLength(lastingTempName(`/${'x'.repeat(240)}`))).toBe(1 + 240 + 1 + 14);
    expect(Buffer.byteLength(lastingTempName(`/${'x'.repeat(241)}`))).toBe(256);
  });

  it('make no Windows path longer than the limit, or than the path itself', () => {
    const folder = '/C:/in/';
    const lengthOf = (path: string) => path.length - 1;
    const name = (length: number) => `${folder}${'n'.repeat(length)}`;
    expect(lengthOf(lastingTempName(name(5), 60))).toBe(6 + 1 + 5 + 14);
    expect(lengthOf(lastingTempName(name(5), 24))).toBe(24);
    expect(lastingTempName(name(5), 24)).toMatch(/^\/C:\/in\/\.nnn\.[0-9a-f]{8}\.part$/);
    expect(lastingTempName(name(5), 21)).toMatch(/^\/C:\/in\/\.[0-9a-f]{8}\.part$/);
    expect(lastingTempName(name(5), 20)).toMatch(/^\/C:\/in\/\.[0-9a-f]{8}\.part$/);
    expect(lastingTempName(name(5), 19)).toMatch(/^\/C:\/in\/\.[0-9a-f]{8}\.par$/);
    expect(lastingTempName(name(1), 1)).toMatch(/^\/C:\/in\/\.[0-9a-f]$/);
    expect(lengthOf(lastingTempName(name(40), 10))).toBe(46);
    expect(lengthOf(lastingTempName(`in/${'n'.repeat(5)}`, 20)) + 1).toBe(20);
    expect(lastingTempName('/C:/in/a😀b', 23)).toMatch(/^\/C:\/in\/\.a\.[0-9a-f]{8}\.part$/);
  });
});

describe('a refusal', () => {
  it('means that nothing exists, or that the request is not allowed', () => {
    const statuses = [2, 10, 3, 8, 4];
    expect(statuses.map((status) => saysMissing(refused(status)))).toEqual([true, true, false, false, false]);
    expect(statuses.map((status) => isRefused(refused(status)))).toEqual([false, false, true, true, true]);
    expect(isRefused(refused(5))).toBe(false);
    const other = Object.assign(new Error('x'), { status: 2 });
    expect([saysMissing(other), isRefused(other)]).toEqual([false, false]);
  });
});

describe('examining a path', () => {
  const files = { '/f': 'x', '/d/': '', '/l': '->/d' };
  function server(options: Parameters<typeof memorySftp>[0] = {}) {
    const memory = memorySftp({ files, ...options });
    return { ...memory, sftp: memory.session() };
  }
  const modeless: Parameters<typeof memorySftp>[0] = { tells: ({ mode: _mode, ...told }) => told };

  it('uses LSTAT, STAT if that is refused, and reports a failure', async () => {
    expect((await lookAtPath(server().sftp, '/l')).mode).toBe(0o120777);
    const without = server({ refuse: (request) => (request.startsWith('lstat') ? 8 : undefined) });
    expect((await lookAtPath(without.sftp, '/l')).mode).toBe(0o040755);
    const neither = server({ refuse: (request) => (/^l?stat/.test(request) ? 3 : undefined) });
    expect(await lookBehind(neither.sftp, '/d')).toEqual({});
    const failing = server({ refuse: (request) => (request.startsWith('lstat') ? 4 : undefined) });
    expect((await lookAtPath(failing.sftp, '/d')).mode).toBe(0o040755);
    const broken = server({ refuse: (request) => (/stat/.test(request) ? 5 : undefined) });
    await expect(lookAtPath(broken.sftp, '/f')).rejects.toMatchObject({ status: 5 });
    await expect(lookBehind(broken.sftp, '/f')).rejects.toMatchObject({ status: 5 });
    expect(broken.asked).toEqual(['lstat /f', 'stat /f']);
  });

  it('determines the type if it is not reported', async () => {
    const { sftp, asked, quiet, handles } = server(modeless);
    const types = await Promise.all(
      ['/f', '/d', '/l'].map(async (path) => (await lookAtPath(sftp, path)).mode),
    );
    expect(types).toEqual([undefined, 0o040755, 0o120777]);
    await quiet();
    expect(handles()).toEqual([]);
    const told = server();
    expect(await withType(told.sftp, '/x', { mode: 0o100600 })).toEqual({ mode: 0o100600 });
    expect(told.asked).toEqual([]);
    expect(asked).toContain('readlink /f');
  });

  it('treats a folder as a link if its real path differs', async () => {
    const unread = (request: string) => (request.startsWith('readlink') ? 8 : undefined);
    const { sftp } = server({ ...modeless, refuse: unread });
    const type = async (path: string) => (await withType(sftp, path, {})).mode?.toString(8);
    expect(await type('/d')).toBe('40755');
    expect(await type('/d/')).toBe('40755');
    expect(await type('/l')).toBe('120777');
    const lost = server({
      ...modeless,
      refuse: (request) => (/^(?:readlink|realpath)/.test(request) ? 8 : undefined),
    });
    expect((await withType(lost.sftp, '/d', {})).mode).toBe(0o120777);
    expect((await withType(lost.sftp, Buffer.from('/d'), {})).mode).toBe(0o120777);
    for (const root of ['/', '/.', '/d/..']) {
      const here = server({ files: { '/.': '', '/./': '', '/d/../': '' }, ...modeless, refuse: unread });
      expect([root, (await withType(here.sftp, root, {})).mode]).toEqual([root, 0o040755]);
    }
  });

  it('tells whether a folder exists', async () => {
    for (const options of [{}, modeless]) {
      const { sftp } = server(options);
      const found = await Promise.all(['/d', '/l', '/f', '/none'].map((path) => isFolderThere(sftp, path)));
      expect(found).toEqual([true, true, false, false]);
    }
  });

  it('does not close a folder after the session has ended', async () => {
    const { sftp, lost, asked } = server(modeless);
    const looking = isFolderThere(sftp, '/d');
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(lost.error).toBeUndefined();
    expect(await looking).toBe(true);
    expect(asked.slice(0, 2)).toEqual(['stat /d', 'opendir /d']);
  });
});

describe('a chain of links', () => {
  it('is resolved by the server, and by us on Windows', async () => {
    const files = { '/C:/a': '->/C:/b', '/C:/b': '->/C:/c', '/C:/c': 'x' };
    const memory = memorySftp({ files });
    expect(await endOfLink(memory.session(), '/C:/a')).toBe('/C:/c');
    expect(memory.asked).toEqual(['realpath /C:/a']);
    const windows = memorySftp({ windows: factsOf('9.5') });
    const links: Record<string, string> = {
      ...{ '/C:/in/a': 'b', '/C:/in/b': '\\\\?\\C:\\in\\c', '/C:/in/c': '\\??\\C:\\d', '/C:/d': 'C:\\e' },
    };
    const sftp = Object.assign(windows.session(), {
      realPath: async (path: string) => path,
      lstat: async (path: string) => ({ mode: path in links ? 0o120777 : 0o100644 }),
      readLink: async (path: string) => links[path] ?? '',
    });
    expect(await endOfLink(sftp, '/C:/in/a')).toBe('/C:/e');
    links['/C:/e'] = '/C:/in/a';
    await expect(endOfLink(sftp, '/C:/in/a')).rejects.toThrow('leads back to itself');
    const chain = (count: number) => {
      for (const name of Object.keys(links)) delete links[name];
      for (let at = 0; at < count; at++) links[`/C:/${at}`] = `${at + 1}`;
      return endOfLink(sftp, '/C:/0');
    };
    expect(await chain(40)).toBe('/C:/40');
    await expect(chain(41)).rejects.toThrow('through too many others');
  });
});

describe('arguments', () => {
  it('of times are dates or seconds, within what SFTP stores', () => {
    expect(secondsOf('mtime', new Date(1_999))).toBe(1);
    expect([secondsOf('mtime', 0), secondsOf('mtime', 2 ** 32 - 0.5)]).toEqual([0, 2 ** 32 - 1]);
    for (const wrong of [-1, 2 ** 32, Number.NaN, '5', new Date(Number.NaN)])
      expect(() => secondsOf('mtime', wrong)).toThrow(/argument mtime/);
  });

  it('of data are bytes or text', () => {
    expect(bytesOf('6162', 'hex')).toEqual(Buffer.from('ab'));
    const bytes = new Uint8Array(2);
    expect(bytesOf(bytes, undefined)).toBe(bytes);
    expect(() => bytesOf(5, undefined)).toThrow('argument data');
  });
});
