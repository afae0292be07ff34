import { describe, expect, it } from 'vitest';
import { eachOf } from '../../src/sftp/folders/each-of.ts';
import { readFolder } from '../../src/sftp/folders/read-folder.ts';
import { ensureFolder, ensureFolders } from '../../src/sftp/folders/remote-folders.ts';
import { removeFile, removeFolder, removeTree } from '../../src/sftp/folders/remove-tree.ts';
import type { SftpName } from '../../src/ssh2/sftp/wire.ts';
import { factsOf } from '../../src/windows/versions.ts';
import { fakeSftp, refused } from '../support/fake-sftp.ts';
import { memorySftp, where } from '../support/memory-sftp.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('eachOf', () => {
  it('runs all items, up to the limit at once', async () => {
    let running = 0;
    let most = 0;
    const done: number[] = [];
    await eachOf([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
      most = Math.max(most, ++running);
      await turn();
      running--;
      done.push(item);
    });
    expect([most, done]).toEqual([3, [1, 2, 3, 4, 5, 6, 7]]);
    await eachOf([], 3, () => Promise.reject(new Error('never')));
  });

  it('starts nothing after a failure, and rejects once all running work has ended', async () => {
    const begun: number[] = [];
    let ended = 0;
    const failing = eachOf([1, 2, 3, 4, 5], 2, async (item) => {
      begun.push(item);
      if (item === 1) throw new Error('first');
      await turn();
      ended++;
    });
    await expect(failing).rejects.toThrow('first');
    expect([begun, ended]).toEqual([[1, 2], 1]);
  });
});

describe('ensuring a folder', () => {
  it('creates it, accepts an existing one, and fails at a file', async () => {
    const memory = memorySftp({ files: { '/d/': '', '/f': 'x' } });
    const sftp = memory.session();
    expect(await ensureFolder(sftp, '/new', { mode: 0o700 })).toBe(true);
    expect(await ensureFolder(sftp, '/d')).toBe(false);
    await expect(ensureFolder(sftp, '/f')).rejects.toMatchObject({ status: 4 });
    expect(memory.asked).toEqual(['mkdir /new mode=700', 'mkdir /d', 'stat /d', 'mkdir /f', 'stat /f']);
    const own = fakeSftp({ mkdir: () => Promise.reject(new TypeError('ours')) });
    await expect(ensureFolder(own, '/d')).rejects.toThrow('ours');
  });

  it('creates missing parents', async () => {
    const memory = memorySftp({ files: { '/d/': '', '/f': 'x' } });
    const sftp = memory.session();
    expect(await ensureFolders(sftp, '/d/a/b/', { mode: 0o700 })).toBe(true);
    expect(memory.asked).toEqual([
      ...['mkdir /d/a/b/ mode=700', 'stat /d/a/b/', 'mkdir /d/a', 'mkdir /d/a/b/ mode=700'],
    ]);
    expect(await ensureFolders(sftp, '/d/a')).toBe(false);
    await expect(ensureFolders(sftp, '/f/a')).rejects.toMatchObject({ status: 4 });
    const denied = memorySftp({ refuse: (request) => (request.startsWith('mkdir') ? 3 : undefined) });
    await expect(ensureFolders(denied.session(), '/d/a')).rejects.toMatchObject({ status: 3 });
    expect(denied.asked).toEqual(['mkdir /d/a', 'stat /d/a']);
  });

  it('creates missing parents if the server reports them as a general failure', async () => {
    const made: string[] = [];
    const sftp = fakeSftp({
      async mkdir(path) {
        const above = path.slice(0, path.lastIndexOf('/'));
        if (above !== '' && !made.includes(above)) throw refused(4, 'mkdir');
        made.push(path);
      },
      stat: () => Promise.reject(refused(2)),
      lstat: async (path) => (made.includes(path.toString()) ? {} : Promise.reject(refused(2))),
    });
    expect(await ensureFolders(sftp, '/a/b/c')).toBe(true);
    expect(made).toEqual(['/a', '/a/b', '/a/b/c']);
    const relative = fakeSftp({
      mkdir: () => Promise.reject(refused(2)),
      stat: () => Promise.reject(refused(2)),
    });
    await expect(ensureFolders(relative, 'a')).rejects.toMatchObject({ status: 2 });
    await expect(ensureFolders(relative, '/')).rejects.toMatchObject({ status: 2 });
  });
});

describe('a listing', () => {
  const name = (text: string): SftpName => ({ raw: Buffer.from(text), name: text, attributes: {} });

  /** A folder whose replies are given: undefined is the end, an error a refusal. */
  function listing(
    replies: (SftpName[] | Error | undefined)[],
    members: Parameters<typeof fakeSftp>[0] = {},
  ) {
    const asked: string[] = [];
    const sftp = fakeSftp({
      opendir: async () => Buffer.from('h'),
      closeHandle: async () => void asked.push('close'),
      readdir: async () => {
        asked.push('readdir');
        const reply = replies.shift();
        if (reply instanceof Error) throw reply;
        return reply;
      },
      ...members,
    });
    return { sftp, asked };
  }

  it('is requested four replies at a time, until one has no names', async () => {
    const full = ['a', 'b', 'c', 'd', 'e'].map((text) => [name(text)]);
    const { sftp, asked } = listing([...full, [], undefined, undefined]);
    const seen: number[] = [];
    const found = await readFolder(sftp, '/d', { where, onNames: () => void seen.push(asked.length) });
    expect(found.map((entry) => entry.name)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(asked).toEqual([...Array(8).fill('readdir'), 'close']);
    expect(seen).toEqual([4, 8]);
  });

  it('ends at a refusal only after its end', async () => {
    const behind = listing([[name('a')], undefined, refused(4), refused(4)]);
    expect(await readFolder(behind.sftp, '/d', { where })).toHaveLength(1);
    const before = listing([[name('a')], refused(4), undefined, undefined]);
    await expect(readFolder(before.sftp, '/d', { where })).rejects.toMatchObject({ status: 4 });
    expect(before.asked.at(-1)).toBe('close');
    const over = listing([undefined, refused(4), refused(4), refused(4)], { ended: refused(7) });
    await expect(readFolder(over.sftp, '/d', { where })).rejects.toMatchObject({ status: 4 });
    expect(over.asked).not.toContain('close');
  });

  it('has at most as many names as its budget, each once', async () => {
    const budget = { names: 2, bytes: 100 };
    const twice = listing([[name('.'), name('a'), name('..'), name('b')], [name('a')], undefined, undefined]);
    expect(await readFolder(twice.sftp, '/d', { where, budget })).toHaveLength(2);
    expect(budget).toEqual({ names: 0, bytes: 98 });
    const more = listing([[name('c')], undefined, undefined, undefined]);
    await expect(readFolder(more.sftp, '/d', { where, budget })).rejects.toThrow('after 250000 names');
    const long = listing([[name('abc')], undefined, undefined, undefined]);
    const bytes = { names: 9, bytes: 3 };
    expect(await readFolder(long.sftp, '/d', { where, budget: bytes })).toHaveLength(1);
    const longer = listing([[name('d')], undefined, undefined, undefined]);
    await expect(readFolder(longer.sftp, '/d', { where, budget: bytes })).rejects.toThrow('bytes of names');
  });
});

describe('removing', () => {
  const removal = (memory: ReturnType<typeof memorySftp>) => ({
    sftp: memory.session(),
    where,
    throwIfAborted: () => {},
  });

  it('a link on Windows tries REMOVE, then RMDIR, and reports the first refusal', async () => {
    const windows = factsOf('9.5');
    const server = (refuse: (request: string) => number | undefined) =>
      memorySftp({ windows, files: { '/l': '->/d', '/d/': '' }, refuse });
    const works = server((request) => (request === 'remove /l' ? 2 : undefined));
    await removeFile(removal(works), '/l', 0o120777);
    expect(works.asked).toEqual(['remove /l', 'rmdir /l']);
    const fails = server((request) => (request === 'remove /l' ? 2 : 5));
    await expect(removeFile(removal(fails), '/l', 0o120777)).rejects.toMatchObject({ status: 2 });
    const file = server(() => 2);
    await expect(removeFile(removal(file), '/l', 0o100666)).rejects.toMatchObject({ status: 2 });
    expect(file.asked).toEqual(['remove /l']);
    const guarded = server(() => 3);
    await expect(removeFile(removal(guarded), '/l', 0o100444)).rejects.toMatchObject({ status: 3 });
    expect(guarded.asked).toEqual(['remove /l']);
  });

  it('a non-empty folder on Windows is tried once', async () => {
    const memory = memorySftp({ windows: factsOf('9.5'), files: { '/d/': '', '/d/f': 'x' } });
    await expect(removeFolder(removal(memory), '/d')).rejects.toMatchObject({ status: 4 });
    expect(memory.asked.filter((request) => request.startsWith('rmdir'))).toHaveLength(1);
    const unread = memorySftp({
      windows: factsOf('9.5'),
      files: { '/d/': '' },
      refuse: (request) => (/^(?:rmdir|opendir)/.test(request) ? 4 : undefined),
    });
    await expect(removeFolder(removal(unread), '/d')).rejects.toMatchObject({ status: 4 });
    expect(unread.asked).toEqual(['rmdir /d', 'opendir /d']);
  });

  it('a folder does not follow junctions on Windows', async () => {
    for (const status of [5, 4]) {
      const memory = memorySftp({
        windows: factsOf('9.5'),
        files: { '/d/': '', '/d/j/': '', '/d/j/f': 'x' },
        refuse: (request) =>
          request === 'readlink /d/j' ? status : request === 'rmdir /d/j' ? 2 : undefined,
      });
      await expect(removeTree(removal(memory), '/d')).rejects.toMatchObject({ status: 2 });
      expect(memory.files()).toEqual(status === 5 ? ['/d/j/f'] : []);
    }
  });

  it('a folder goes on where something is missing by now, but not where the server says so of what is there', async () => {
    const files = { '/d/': '', '/d/a': 'x', '/d/b': 'x', '/d/in/': '', '/d/in/c': 'x', '/d/out/': '' };
    for (const lost of ['remove /d/a', 'opendir /d/in', 'remove /d/in/c', 'rmdir /d/in', 'rmdir /d']) {
      // The first time, something else removes it just before.
      const memory = memorySftp({
        files,
        refuse: (request) => {
          if (request !== lost) return undefined;
          const path = lost.slice(lost.indexOf(' ') + 1);
          for (const gone of [path, `${path}/c`]) memory.remove(gone);
          return 2;
        },
      });
      await removeTree(removal(memory), '/d');
      expect([lost, memory.files()]).toEqual([lost, []]);
      const there = memorySftp({ files, refuse: (request) => (request === lost ? 2 : undefined) });
      await expect(removeTree(removal(there), '/d')).rejects.toMatchObject({ status: 2 });
    }
  });

  it.each(['/else', '/else/kept'])(
    'a folder that has become a link to %s since it was listed is removed as one',
    async (target) => {
      const memory = memorySftp({
        files: { '/d/': '', '/d/a': 'x', '/d/in/': '', '/else/': '', '/else/kept': 'x' },
        onAnswer: (index) => {
          if (memory.asked[index] === 'remove /d/a') memory.put('/d/in', { mode: 0o120777, target });
        },
      });
      await removeTree(removal(memory), '/d');
      expect(memory.files()).toEqual(['/else/kept']);
    },
  );

  it('a folder fails at endless nesting, and at a name that leads out of it', async () => {
    const deep = fakeSftp({
      lstat: async () => ({ mode: 0o040755 }),
      opendir: async () => Buffer.from('h'),
      closeHandle: async () => {},
      readdir: (() => {
        let count = 0;
        return async () =>
          count++ % 4 === 0
            ? [{ raw: Buffer.from('d'), name: 'd', attributes: { mode: 0o040755 } }]
            : undefined;
      })(),
      rmdir: async () => {},
    });
    const work = { where, throwIfAborted: () => {} };
    await expect(removeTree({ ...work, sftp: deep }, '/d')).rejects.toThrow('the folders do not end');
    const stray = fakeSftp({
      ...{ opendir: async () => Buffer.from('h'), closeHandle: async () => {} },
      readdir: (() => {
        let count = 0;
        return async () =>
          count++ === 0 ? [{ raw: Buffer.from('a/b'), name: 'a/b', attributes: {} }] : undefined;
      })(),
    });
    await expect(removeTree({ ...work, sftp: stray }, '/d')).rejects.toThrow('it contains a path');
  });
});
