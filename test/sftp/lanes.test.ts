import { describe, expect, it } from 'vitest';
import { upload } from '../../src/sftp/up/upload.ts';
import { bytesOf, mockSftp } from '../support/mock-sftp.ts';

const MiB = 1024 * 1024;

describe('a large upload over a long line', () => {
  it.each([
    ['32 MiB over 20 ms', 32, 10],
    ['8 MiB over 100 ms', 8, 50],
  ])('uses several sessions and releases them: %s', { timeout: 60_000 }, async (_what, size, latencyMs) => {
    await using mock = await mockSftp({ faults: { latencyMs } });
    const content = bytesOf(size * MiB);
    let most = 0;
    const onProgress = () => {
      most = Math.max(most, mock.link.slots.open);
    };
    await upload(mock.opener, content, '/big', { onProgress });
    expect(mock.server.files.read('/big').equals(content)).toBe(true);
    expect(most).toBeGreaterThan(2);
    expect(most).toBeLessThanOrEqual(8);
    expect(mock.server.files.list()).toEqual(['/big']);
  });

  it('uses one session if the server allows no more', { timeout: 60_000 }, async () => {
    await using mock = await mockSftp({ maxSessions: 1, faults: { latencyMs: 15 } });
    const content = bytesOf(20 * MiB);
    await upload(mock.opener, content, '/big');
    expect(mock.server.files.read('/big').equals(content)).toBe(true);
  });

  it('gives an idle session to a command', async () => {
    await using mock = await mockSftp({ maxSessions: 1 });
    await upload(mock.opener, Buffer.from('x'), '/x');
    expect(mock.link.slots.open).toBe(1);
    const channel = await mock.link.exec({ command: 'true' });
    channel.start({ onStdout: () => {}, onStderr: () => {}, onEnd: () => {} });
    expect(mock.link.slots.open).toBeLessThanOrEqual(2);
  });
});
