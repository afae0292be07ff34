import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { openSftpClient } from '../../src/sftp/client/client.ts';
import { download } from '../../src/sftp/down/download.ts';
import { lastingTempName } from '../../src/sftp/names/temp-name.ts';
import { upload } from '../../src/sftp/up/upload.ts';
import { bytesOf, localFolder, mockSftp, rejection } from '../support/mock-sftp.ts';

const remote = lastingTempName('/target');
const hour = 3_600;
const ago = (seconds: number) => Math.floor(Date.now() / 1000) - seconds;
const content = bytesOf(300_000);

describe('the leftover of an interrupted upload', () => {
  it('is removed by the next successful upload to the same path, if unmodified for a day', async () => {
    await using mock = await mockSftp();
    const { files } = mock.server;
    files.write(remote, 'a beginning', { mtime: ago(25 * hour) });
    await upload(mock.opener, content, '/target');
    expect(files.list()).toEqual(['/target']);
    expect(files.read('/target').equals(content)).toBe(true);
  });

  it('stays while it may be in use', async () => {
    await using mock = await mockSftp();
    const { files } = mock.server;
    files.write(remote, 'a beginning', { mtime: ago(23 * hour) });
    await upload(mock.opener, content, '/target');
    expect(files.list()).toEqual([remote, '/target']);
    expect(files.text(remote)).toBe('a beginning');
  });

  it.each([
    ['grows', 'a beginning, and more', ago(48 * hour)],
    ['is written to', 'a BEGINNING', ago(0)],
  ])('stays if it %s meanwhile, whatever its age', async (_what, changed, mtime) => {
    await using mock = await mockSftp();
    const { files } = mock.server;
    files.write(remote, 'a beginning', { mtime: ago(48 * hour) });
    const source = async function* () {
      yield content;
      await mock.server.waitFor((entry) => entry.type === 'sftp' && entry.op === 'WRITE');
      files.write(remote, changed, { mtime });
      yield content;
    };
    await upload(mock.opener, Readable.from(source()), '/target');
    expect(files.text(remote)).toBe(changed);
  });

  it('stays if the next upload fails, for a call with resume', async () => {
    await using mock = await mockSftp({ faults: { sftp: { failOp: { op: 'WRITE' } } } });
    mock.server.files.write(remote, 'a beginning', { mtime: ago(48 * hour) });
    await rejection(upload(mock.opener, content, '/target'));
    await expect.poll(() => mock.server.files.list()).toEqual([remote]);
  });

  it('is also removed by a copy on the server', async () => {
    await using mock = await mockSftp();
    mock.server.files.write('/source', content);
    mock.server.files.write(remote, 'a beginning', { mtime: ago(48 * hour) });
    await using sftp = await openSftpClient(mock.opener);
    await sftp.copy('/source', '/target');
    expect(mock.server.files.list()).toEqual(['/source', '/target']);
  });

  it('costs no requests if there is none', async () => {
    await using mock = await mockSftp();
    await upload(mock.opener, content, '/target');
    const asked = mock.server.journal.flatMap((entry) => (entry.type === 'sftp' ? [entry.op] : []));
    // Before 8.6 a rename to a free name looks whether it is free.
    const looks = ['7.7', '8.1'].includes(process.env['MOCK_WINDOWS'] ?? '') ? 2 : 1;
    expect(asked.filter((op) => op === 'LSTAT' || op === 'REMOVE')).toEqual(Array(looks).fill('LSTAT'));
  });

  it('looks recent to others as soon as a call with resume uses it', async () => {
    await using mock = await mockSftp();
    mock.server.files.write(remote, content.subarray(0, 1_000), { mtime: ago(48 * hour) });
    const mtimes: number[] = [];
    await upload(mock.opener, content, '/target', {
      resume: true,
      onProgress: () => mock.server.files.has(remote) && mtimes.push(mock.server.files.stat(remote).mtime),
    });
    const asked = mock.server.journal.flatMap((entry) => (entry.type === 'sftp' ? [entry.op] : []));
    expect(asked.indexOf('SETSTAT')).toBeGreaterThan(0);
    expect(asked.indexOf('SETSTAT')).toBeLessThan(asked.indexOf('READ'));
    expect(Math.min(...mtimes)).toBeGreaterThan(ago(60));
  });

  it('with preserve keeps the time of its last write until it is verified', async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    const path = join(folder.path, 'file');
    await writeFile(path, content);
    await utimes(path, 1_600_000_000, 1_600_000_001);
    await upload(mock.opener, path, '/target', { preserve: true, verify: 'sha256' });
    const asked = mock.server.journal.flatMap((entry) => (entry.type === 'sftp' ? [entry.op] : []));
    expect(asked.lastIndexOf('READ')).toBeGreaterThan(0);
    expect(asked.indexOf('SETSTAT')).toBeGreaterThan(asked.lastIndexOf('READ'));
    expect(asked).not.toContain('FSETSTAT');
    expect(mock.server.files.stat('/target').mtime).toBe(1_600_000_001);
  });
});

describe('the leftover of an interrupted download', () => {
  const temporary = lastingTempName('target');

  it.each([
    [25, ['target']],
    [23, [temporary, 'target']],
  ])('is removed by the next download to the same path if it is old (%i hours)', async (hours, left) => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    mock.server.files.write('/file', content);
    await writeFile(join(folder.path, temporary), 'a beginning');
    await utimes(join(folder.path, temporary), ago(hours * hour), ago(hours * hour));
    await download(mock.opener, '/file', join(folder.path, 'target'));
    expect((await readdir(folder.path)).sort()).toEqual(left);
    expect((await readFile(join(folder.path, 'target'))).equals(content)).toBe(true);
  });

  it('stays if it changes meanwhile', async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    mock.server.files.write('/file', bytesOf(2_000_000));
    const path = join(folder.path, temporary);
    await writeFile(path, 'a beginning');
    await utimes(path, ago(48 * hour), ago(48 * hour));
    const run = async () => {
      await writeFile(path, 'more');
      return { exitCode: 1, stdout: '' };
    };
    await download({ ...mock.opener, run }, '/file', join(folder.path, 'target'), { verify: 'sha256' });
    expect(await readFile(path, 'utf8')).toBe('more');
  });

  it('looks recent to others while a call with resume compares it', async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    mock.server.files.write('/file', bytesOf(3_000_000));
    const path = join(folder.path, temporary);
    await writeFile(path, bytesOf(2_000_000));
    await utimes(path, ago(48 * hour), ago(48 * hour));
    const seen: number[] = [];
    const run = async () => {
      seen.push((await stat(path)).mtimeMs);
      return { exitCode: 1, stdout: '' };
    };
    await download({ ...mock.opener, run }, '/file', join(folder.path, 'target'), { resume: true });
    expect(Math.min(...seen)).toBeGreaterThan(ago(60) * 1000);
  });
});
