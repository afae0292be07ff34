import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { SftpFailed } from '../../src/errors/index.ts';
import { upload } from '../../src/sftp/up/upload.ts';
import type { SftpOpener, SftpRequests } from '../../src/ssh2/sftp/requests.ts';
import { bytesOf, mockSftp, rejection } from '../support/mock-sftp.ts';

const content = bytesOf(200_000);

/** A server on which one may not ask for what is named. */
function refusing(
  opener: SftpOpener,
  names: readonly (keyof SftpRequests)[],
  isRefused = isReading,
): SftpOpener {
  const refusal = () =>
    new SftpFailed('not here', { phase: 'transfer', operation: 'stat', status: 8, reason: 'unsupported' });
  return {
    ...opener,
    async openSftp(options) {
      const sftp = await opener.openSftp(options);
      for (const name of names) {
        const refuse =
          name === 'open' ? refuseOpening(sftp, refusal, isRefused) : async () => Promise.reject(refusal());
        Object.defineProperty(sftp, name, { value: refuse, configurable: true });
      }
      return sftp;
    },
  };
}

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
    ['may not be renamed', ['rename', 'extended'], '/new'],
    ['is the only one that may be written in its folder', ['open'], '/there'],
  ] as const)('leads to a hint at atomic: false if a file %s', async (_what, names, path) => {
    await using mock = await mockSftp();
    mock.server.files.write('/there', 'old');
    const opener = refusing(mock.opener, names, isExclusive);
    expect(await rejection(upload(opener, content, path))).toMatchObject({
      code: 'SSH_TRANSFER_FAILED',
      hint: expect.stringContaining('atomic: false'),
    });
    await upload(opener, content, path, { atomic: false });
    expect(mock.server.files.read(path).equals(content)).toBe(true);
  });

  it('still detects a short copy', async () => {
    await using mock = await mockSftp({ faults: { sftp: { shortWrites: 1_000 } } });
    const opener = refusing(mock.opener, ['fstat']);
    expect(String(await rejection(upload(opener, content, '/in')))).toContain('bytes, not 200000');
    expect(mock.server.files.list()).toEqual([]);
  });
});
