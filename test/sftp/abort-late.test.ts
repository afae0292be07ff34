import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { download } from '../../src/sftp/down/download.ts';
import { upload } from '../../src/sftp/up/upload.ts';
import type { SftpOpener } from '../../src/ssh2/sftp/requests.ts';
import { bytesOf, localFolder, mockSftp, rejection } from '../support/mock-sftp.ts';

const content = bytesOf(1024 * 1024);
const reason = new Error('enough');

/** A server that finds by its checksum that all is well, when nobody wants the file any more. */
function abortedInVerify(opener: SftpOpener) {
  const abort = new AbortController();
  const run = async () => {
    abort.abort(reason);
    return { exitCode: 0, stdout: createHash('sha256').update(content).digest('hex') };
  };
  return { opener: { ...opener, run }, options: { verify: 'sha256', signal: abort.signal } as const };
}

describe('a transfer aborted during verification leaves the old file in place', () => {
  it.each([
    ['an upload of bytes', () => content],
    ['an upload of a stream', () => Readable.from([content])],
  ])('%s', async (_what, source) => {
    await using mock = await mockSftp();
    mock.server.files.write('/target', 'old');
    const { opener, options } = abortedInVerify(mock.opener);
    expect(await rejection(upload(opener, source(), '/target', options))).toBe(reason);
    await expect.poll(() => mock.server.files.list()).toEqual(['/target']);
    expect(mock.server.files.text('/target')).toBe('old');
  });

  it('a download', async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    const target = join(folder.path, 'target');
    await writeFile(target, 'old');
    mock.server.files.write('/source', content);
    const { opener, options } = abortedInVerify(mock.opener);
    expect(await rejection(download(opener, '/source', target, options))).toBe(reason);
    await expect.poll(() => readdir(folder.path)).toEqual(['target']);
    expect(await readFile(target, 'utf8')).toBe('old');
  });
});
