import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { upload } from '../../src/sftp/up/upload.ts';
import { localFolder, mockSftp, rejection } from '../support/mock-sftp.ts';

async function oneFile() {
  const mock = await mockSftp();
  const folder = await localFolder();
  const source = join(folder.path, 'a.json');
  await writeFile(source, 'new');
  const read = (path: string) => mock.server.files.read(path).toString();
  const dispose = async () => {
    await mock[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  };
  return { mock, source, read, [Symbol.asyncDispose]: dispose };
}

it('puts a file into the folder named by a trailing slash', async () => {
  await using made = await oneFile();
  const { mock, source, read } = made;
  mock.server.files.mkdir('/in');
  await upload(mock.opener, source, '/in/');
  expect(read('/in/a.json')).toBe('new');
});

it('creates no file with the name of a missing folder', async () => {
  await using made = await oneFile();
  const { mock, source } = made;
  const error = await rejection(upload(mock.opener, source, '/none/'));
  expect(error).toMatchObject({
    code: 'SSH_TRANSFER_FAILED',
    reason: expect.stringContaining('does not exist'),
  });
  expect(mock.server.files.list('/')).not.toContain('none');
});

it.each(['~', '~/', '.'])('treats %s as the login directory', async (path) => {
  await using made = await oneFile();
  const { mock, source } = made;
  await upload(mock.opener, source, path);
  const written = mock.server.journal.flatMap((entry) =>
    entry.type === 'sftp' && entry.op === 'OPEN' ? [entry.path] : [],
  );
  expect(written.join()).not.toContain('~');
  expect(written.join()).toContain('a.json');
});

it('takes ~ behind a folder for the name of a file, which it is there', async () => {
  await using made = await oneFile();
  const { mock, source, read } = made;
  mock.server.files.mkdir('/in');
  await upload(mock.opener, source, '/in/~');
  expect(read('/in/~')).toBe('new');
  await upload(mock.opener, Buffer.from('bytes'), '/in/~');
  expect(read('/in/~')).toBe('bytes');
});

it.each([
  ['bytes', () => Buffer.from('x')],
  ['a stream', () => Readable.from(['x'])],
])('rejects %s for a folder without a file name', async (_, source) => {
  await using mock = await mockSftp();
  const error = await rejection(upload(mock.opener, source(), '/in/'));
  expect(error).toBeInstanceOf(RangeError);
  expect((error as Error).message).toMatch(
    /argument remotePath: '\/in\/' given; the whole path, with a name for the file/,
  );
});
