import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { download } from '../../src/sftp/down/download.ts';
import { checkLocalName } from '../../src/sftp/names/paths.ts';
import { moveLocally, openHere, removeHere } from '../../src/sftp/transfer/local-in-use.ts';
import { upload } from '../../src/sftp/up/upload.ts';
import { bytesOf, localFolder, mockSftp, rejection } from '../support/mock-sftp.ts';

/** How often opening a file is refused from now on. */
const busy = vi.hoisted(() => ({ left: 0 }));
vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs/promises')>();
  const open: typeof real.open = (...of) => {
    if (busy.left === 0) return real.open(...of);
    busy.left--;
    return Promise.reject(Object.assign(new Error('EBUSY: open'), { code: 'EBUSY' }));
  };
  return { ...real, open };
});
vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs')>();
  const refused = (of: unknown[]) => {
    busy.left--;
    (of.at(-1) as (error: Error) => void)(Object.assign(new Error('EBUSY: open'), { code: 'EBUSY' }));
  };
  const refusing =
    <Call extends (...of: never[]) => unknown>(call: Call) =>
    (...of: Parameters<Call>) =>
      busy.left === 0 ? call(...of) : refused(of);
  return { ...real, open: refusing(real.open), writeFile: refusing(real.writeFile) };
});

type Mock = Awaited<ReturnType<typeof mockSftp>>;

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
  it.each(['EPERM', 'EACCES', 'EBUSY'])('is retried after %s on Windows', async (code) => {
    const { move, tries } = refusing(code, 2);
    await moveLocally('a', 'b', { move, platform: 'win32' });
    expect(tries).toHaveLength(3);
  });

  it.each([
    ['EPERM', 'linux'],
    ['ENOENT', 'win32'],
  ] as const)('is not assumed for %s on %s', async (code, platform) => {
    const { move, tries } = refusing(code, 2);
    expect(await rejection(moveLocally('a', 'b', { move, platform }))).toMatchObject({ code });
    expect(tries).toHaveLength(1);
  });

  it('is reported if it stays open, as retryable', async () => {
    const { move } = refusing('EBUSY', Number.POSITIVE_INFINITY);
    expect(await rejection(moveLocally('a', 'b', { move, platform: 'win32' }))).toMatchObject({
      message: 'it is open in another program',
      retryable: true,
      cause: { code: 'EBUSY' },
    });
  });

  it('is not waited for after the transfer has failed', async () => {
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

  it('is renamed and removed as usual on other systems', async () => {
    await using folder = await localFolder();
    await writeFile(join(folder.path, 'a'), 'x');
    await moveLocally(join(folder.path, 'a'), join(folder.path, 'b'));
    expect(await readFile(join(folder.path, 'b'), 'utf8')).toBe('x');
    await removeHere(join(folder.path, 'b'));
    await removeHere(join(folder.path, 'b'));
    expect(await readdir(folder.path)).toEqual([]);
  });
});

describe('a local file that cannot be opened', () => {
  /** An open that is refused so often before it works. */
  const opening = (code: string, times: number) => {
    const { move, tries } = refusing(code, times);
    return { tries, open: async () => move('open') };
  };

  it('is retried on Windows, and reported if it stays open', async () => {
    const soon = opening('EBUSY', 2);
    await openHere('none', soon.open, { platform: 'win32' });
    expect(soon.tries).toHaveLength(3);
    const never = opening('EPERM', Number.POSITIVE_INFINITY);
    expect(await rejection(openHere('none', never.open, { platform: 'win32' }))).toMatchObject({
      message: 'it is open in another program',
      retryable: true,
    });
  });

  it('is not waited for if it is read-only or a folder', async () => {
    await using folder = await localFolder();
    const path = join(folder.path, 'a');
    await writeFile(path, '', { mode: 0o444 });
    for (const which of [path, folder.path]) {
      const { open, tries } = opening('EPERM', 1);
      expect(await rejection(openHere(which, open, { platform: 'win32' }))).toMatchObject({ code: 'EPERM' });
      expect(tries).toHaveLength(1);
    }
  });

  it.each([
    [
      'a download in place',
      (_: string, source: string, target: string, mock: Mock) =>
        download(mock.opener, source, target, { atomic: false }),
    ],
    [
      'a small download in place',
      (_: string, source: string, target: string, mock: Mock) =>
        download(mock.opener, `${source}-small`, target, { atomic: false }),
    ],
    [
      'a download that goes on',
      (_: string, source: string, target: string, mock: Mock) =>
        download(mock.opener, source, target, { resume: true }),
    ],
    [
      'an upload',
      (local: string, source: string, _: string, mock: Mock) =>
        upload(mock.opener, join(local, 'up'), source),
    ],
    [
      'an upload of a folder',
      (local: string, source: string, _: string, mock: Mock) =>
        upload(mock.opener, local, `${source}-folder`),
    ],
  ])('is waited for by %s', async (_, transfer) => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    mock.server.files.write('/source', bytesOf(300_000));
    mock.server.files.write('/source-small', bytesOf(300));
    await writeFile(join(folder.path, 'up'), bytesOf(300));
    const target = join(folder.path, 'target');
    busy.left = 2;
    const platform = vi.spyOn(process, 'platform', 'get').mockReturnValue('win32');
    try {
      await transfer(folder.path, '/source', target, mock);
    } finally {
      platform.mockRestore();
    }
    expect(busy.left).toBe(0);
  });
});

describe('a local path', () => {
  it.each(['C:\\t\\NUL', 'aux.txt', 'C:/t/a.txt:s', 'tr.', 'C:\\t\\con'])(
    '%s is rejected on Windows',
    (path) => {
      expect(() => checkLocalName(path, 'win32')).toThrow(RangeError);
      expect(() => checkLocalName(path, 'linux')).not.toThrow();
    },
  );

  it.each(['C:\\t\\a.txt', 'C:\\', '.', '..\\x', '\\\\?\\C:\\t\\송장'])(
    '%s is accepted on Windows',
    (path) => {
      expect(() => checkLocalName(path, 'win32')).not.toThrow();
    },
  );
});
