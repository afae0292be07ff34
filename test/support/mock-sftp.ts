import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type MockServerOptions,
  type MockWindowsVersion,
  startMockServer,
} from '../../src/mock-server/index.ts';
import { sftpOpener } from '../../src/ssh2/sftp/opener.ts';
import { openLink } from './open-link.ts';

/** `MOCK_WINDOWS=8.1` runs the tests of files and jobs against that OpenSSH for Windows: `npm run test:versions`. */
export const mockWindows = process.env['MOCK_WINDOWS'] as MockWindowsVersion | undefined;
/** Whether a test that does not say which server it is about has a POSIX one. */
export const isPosix = mockWindows === undefined;

/** A mock server, a link to it, and an opener of SFTP sessions on that link. */
export async function mockSftp(options: MockServerOptions = {}) {
  const server = await startMockServer(
    mockWindows ? { windows: { version: mockWindows }, ...options } : options,
  );
  try {
    const plain = await openLink(server);
    const { serverVersion } = plain.opener;
    const opener = sftpOpener(plain.link, { serverVersion });
    const close = async () => {
      await plain.close();
      await server.close();
    };
    return { server, link: plain.link, opener, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** A folder that goes when the test is over. */
export async function localFolder() {
  const path = await mkdtemp(join(tmpdir(), 'sftp-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not reject');
}

/** Bytes that differ everywhere, the same for the same seed. */
export function bytesOf(length: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let state = (seed * 2654435761) >>> 0 || 1;
  for (let at = 0; at < length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state;
  }
  return bytes;
}
