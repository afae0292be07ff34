import { describe, expect, it } from 'vitest';
import { refusal } from '../../src/ssh2/sftp/errors.ts';
import { hintFor } from '../../src/ssh2/sftp/hints.ts';
import { assumedLimits, readLimits } from '../../src/ssh2/sftp/limits.ts';
import { encodePacket, type Field, PacketReader } from '../../src/ssh2/sftp/wire.ts';
import { factsOf } from '../../src/windows/versions.ts';

const where = { host: 'pc', port: 22, hop: 'pc' };

describe('a refusal of the server', () => {
  const told = (path: string | undefined, ...fields: Field[]) => {
    const body = encodePacket(101, 7, fields).subarray(4);
    return refusal(where, { operation: 'open', path }, body, undefined);
  };

  it("has the meaning of its status, and the server's text if that says more", () => {
    const error = told('/a', 4, 'no\nspace', '');
    expect(error.message).toBe('SFTP open of "/a" on pc:22 failed: failure ("no\\nspace")');
    expect(error).toMatchObject({ status: 4, reason: 'no\\nspace', operation: 'open', path: '/a' });
    // No guess beside what the server itself says.
    expect(error.hint).toBeUndefined();
    expect(told('/a', 4, 'Failure', '').hint).toContain('OpenSSH says no more');
    expect(told(undefined, 3, 'Permission denied', '').message).toBe(
      'SFTP open on pc:22 failed: permission denied',
    );
    expect(told('/a', 99, '', '')).toMatchObject({
      message: 'SFTP open of "/a" on pc:22 failed: status 99',
      reason: 'status 99',
    });
  });

  it('may have no text, or an invalid one', () => {
    for (const fields of [[2], [2, 1_000], [2, 0]]) expect(told('/a', ...fields).reason).toBe('no such file');
  });
});

describe('a hint', () => {
  it("depends on the server's operating system", () => {
    const windows = factsOf('9.5');
    const hints = [2, 3, 4, 5, 8].map((status) => [
      hintFor(status, '/a', undefined),
      hintFor(status, '/a', windows),
    ]);
    const [missing, denied, failure, badMessage, unknown] = hints as [string, string][];
    expect(missing).toEqual([undefined, undefined]);
    expect(denied).toEqual([
      expect.stringContaining('owner and the mode'),
      expect.stringContaining('icacls'),
    ]);
    expect(failure).toEqual([
      expect.stringContaining('OpenSSH says no more'),
      expect.stringContaining('Most often'),
    ]);
    expect(badMessage).toEqual([undefined, 'Windows does not take this name or path.']);
    expect(unknown).toEqual(Array(2).fill('This server does not know the operation.'));
  });

  it('says that a path is too long for Windows, not counting the slash before the drive', () => {
    const windows = factsOf('9.5');
    const path = (length: number) => `/C:/${'x'.repeat(length - 3)}`;
    expect(hintFor(2, path(260), windows)).toMatch(
      /^The path is too long: it has 260 characters, and Windows takes 259/,
    );
    expect(hintFor(2, path(259), windows)).toBeUndefined();
    expect(hintFor(8, path(260), windows)).toBe('This server does not know the operation.');
    expect(hintFor(4, undefined, windows)).toContain('Most often');
  });
});

describe('the limits of a server', () => {
  const reader = (...sizes: bigint[]) => new PacketReader(encodePacket(201, 0, sizes), 9);
  const assumed = { maxRead: 1, maxWrite: 2, maxHandles: 3 };

  it('are assumed from its identification', () => {
    const [big, small] = [256 * 1024 - 2048, 31 * 1024];
    expect(assumedLimits('OpenSSH_9.9')).toEqual({ maxRead: big, maxWrite: big, maxHandles: 64 });
    expect(assumedLimits('SSH-2.0-rclone/v1.60')).toEqual({ maxRead: small, maxWrite: big, maxHandles: 64 });
    expect(assumedLimits(undefined)).toEqual({ maxRead: small, maxWrite: small, maxHandles: 64 });
    expect(assumedLimits('OpenSSH_for_Windows_8.1')).toEqual({
      maxRead: 102_400,
      maxWrite: small,
      maxHandles: 64,
    });
  });

  it('are those it reports, within bounds', () => {
    const limits = (...sizes: bigint[]) =>
      Object.values(readLimits(reader(0n, ...sizes), assumed, 'OpenSSH_9.9'));
    expect(limits(1_000n, 2_000n, 10n)).toEqual([1_000, 2_000, 10]);
    expect(limits(0n, 0n, 0n)).toEqual([1, 2, 3]);
    expect(limits(1n, 1n, 1n)).toEqual([512, 512, 1]);
    expect(limits(1_000_000n, 1_000_000n, 1_000_000n)).toEqual([261_120, 261_120, 4_096]);
    const windows = readLimits(reader(0n, 200_000n, 200_000n, 5n), assumed, 'OpenSSH_for_Windows_9.5');
    expect(windows).toEqual({ maxRead: 102_400, maxWrite: 200_000, maxHandles: 5 });
  });
});
