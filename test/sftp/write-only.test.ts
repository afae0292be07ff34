import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { SftpFailed } from '../../src/errors/index.ts';
import { upload } from '../../src/sftp/up/upload.ts';
import type { SftpOpener, SftpRequests } from '../../src/ssh2/sftp/requests.ts';
import { bytesOf, isPosix, localFolder, mockSftp, rejection } from '../support/mock-sftp.ts';

const content = bytesOf(200_000);

/** A server on which one may not ask for what is named. */
function refusing(
  opener: SftpOpener,
  names: readonly (keyof SftpRequests)[],
  isRefused = isReading,
  status = 8,
): SftpOpener {
  const refusal = (operation = 'stat') =>
    new SftpFailed('not here', { phase: 'transfer', operation, status, reason: 'refused' });
  return {
    ...opener,
    async openSftp(options) {
      const sftp = await opener.openSftp(options);
      for (const name of names) {
        const refuse =
          name === 'open'
            ? refuseOpening(sftp, refusal, isRefused)
            : async () => Promise.reject(refusal(name === 'extended' ? 'rename' : name));
        Object.defineProperty(sftp, name, { value: refuse, configurable: true });
      }
      return sftp;
    },
  };
}

/** Refusals without a reason. On Windows they mean that another program has the file open. */
const saidToFail = [
  ['may not be renamed, of which the server says only that it failed', ['rename', 'extended'], '/new', 4],
  ['is the only one that may be written, and the server fails', ['open'], '/there', 4],
] as const;

const isReading = (flags: number): boolean => flags === 1;
const isExclusive = (flags: number): boolean => (flags & 32) !== 0;

function refuseOpening(
  sftp: SftpRequests,
  refusal: () => Error,
  isRefused: (flags: number) => boolean,
): SftpRequests['open'] {
  const open = sftp.open.bind(sftp);
  return (path, flags, attributes) =>
    isRefused(flags) ? Promise.reject(refusal()) : open(path, flags, attributes);
}

describe('a write-only inbox', () => {
  it.each([
    ['FSTAT', ['fstat']],
    ['FSTAT and STAT', ['fstat', 'stat', 'lstat']],
  ] as const)('accepts a file if %s is refused', async (_what, names) => {
    await using mock = await mockSftp();
    const opener = refusing(mock.opener, names);
    await upload(opener, content, '/in');
    await upload(opener, Readable.from([content]), '/stream');
    expect(mock.server.files.read('/in').equals(content)).toBe(true);
    expect(mock.server.files.list()).toEqual(['/in', '/stream']);
  });

  it.each([{}, { atomic: false }])(
    'leads to a hint how to skip the check if nothing may be checked (%j)',
    async (options) => {
      await using mock = await mockSftp();
      const opener = refusing(mock.opener, ['fstat', 'stat', 'lstat', 'open']);
      expect(await rejection(upload(opener, content, '/in', options))).toMatchObject({
        code: 'SSH_TRANSFER_FAILED',
        hint: expect.stringContaining('verify: false'),
      });
      await upload(opener, content, '/in', { ...options, verify: false });
      expect(mock.server.files.read('/in').equals(content)).toBe(true);
    },
  );

  it.each([
    ['may not be renamed', ['rename', 'extended'], '/new', 8],
    ['is moved away by its server before it is renamed', ['rename', 'extended'], '/new', 2],
    ['is the only one that may be written in its folder', ['open'], '/there', 8],
    ...(isPosix ? saidToFail : []),
  ] as const)('leads to a hint at atomic: false if a file %s', async (_what, names, path, status) => {
    await using mock = await mockSftp();
    mock.server.files.write('/there', 'old');
    const opener = refusing(mock.opener, names, isExclusive, status);
    expect(await rejection(upload(opener, content, path))).toMatchObject({
      code: 'SSH_TRANSFER_FAILED',
      hint: expect.stringContaining('atomic: false'),
    });
    await upload(opener, content, path, { atomic: false });
    expect(mock.server.files.read(path).equals(content)).toBe(true);
  });

  it("leads to a hint at verify: 'size' if a checksum is wanted and the copy may not be read", async () => {
    await using mock = await mockSftp();
    const opener = refusing(mock.opener, ['open']);
    for (const source of [content, Readable.from([content])]) {
      expect(await rejection(upload(opener, source, '/in', { verify: 'sha256' }))).toMatchObject({
        code: 'SSH_TRANSFER_FAILED',
        hint: expect.stringContaining("verify: 'size'"),
      });
    }
    expect(mock.server.files.list()).toEqual([]);
  });

  it.each([3, 4, 8])('sets what preserve keeps by path, or leads to a hint (status %d)', async (status) => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    const file = join(folder.path, 'a');
    await writeFile(file, 'x', { mode: 0o640 });
    await utimes(file, 1_600_000_000, 1_600_000_000);
    for (const source of [folder.path, file]) {
      const byPath = refusing(mock.opener, ['fsetstat'], isReading, status);
      await upload(byPath, source, '/kept', { preserve: true });
      const never = refusing(mock.opener, ['fsetstat', 'setstat'], isReading, status);
      expect(await rejection(upload(never, source, '/kept', { preserve: true }))).toMatchObject({
        hint: expect.stringContaining('preserve: true'),
      });
      const sftp = await mock.opener.openSftp();
      await (source === folder.path ? sftp.rename('/kept', '/folder') : sftp.remove('/kept'));
    }
    const kept = mock.server.files.stat('/folder/a');
    expect(kept?.mtime).toBe(1_600_000_000);
    // Windows has no such modes.
    if (isPosix) expect(kept?.mode).toBe(0o640);
  });

  it('still detects a short copy', async () => {
    await using mock = await mockSftp({ faults: { sftp: { shortWrites: 1_000 } } });
    const opener = refusing(mock.opener, ['fstat']);
    expect(String(await rejection(upload(opener, content, '/in')))).toContain('bytes, not 200000');
    expect(mock.server.files.list()).toEqual([]);
  });
});
