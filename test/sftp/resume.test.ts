import { createHash } from 'node:crypto';
import { link, open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { download } from '../../src/sftp/down/download.ts';
import { lastingTempName } from '../../src/sftp/names/temp-name.ts';
import { upload } from '../../src/sftp/up/upload.ts';
import type { SftpOpener } from '../../src/ssh2/sftp/requests.ts';
import { memorySftp } from '../support/memory-sftp.ts';
import { bytesOf, isPosix, localFolder, mockSftp } from '../support/mock-sftp.ts';

const MiB = 1024 * 1024;
const temporary = lastingTempName('/target');

/** What a checksum command asks for, in sh or in PowerShell. */
function askedOf(command: string): [bytes: string | undefined, path: string | undefined] {
  const [, bytes, path] = /head -c (\d+) '([^']+)'/.exec(command) ?? [];
  if (bytes !== undefined) return [bytes, path];
  const script = Buffer.from(command.split(' ').at(-1) ?? '', 'base64').toString('utf16le');
  return [/\$n=(\d+)/.exec(script)?.[1], /Open\('([^']+)'/.exec(script)?.[1]];
}

/** Answers the checksum command as a server with `sha256sum` would. */
function withChecksums(
  opener: SftpOpener,
  read: (path: string) => Buffer,
): SftpOpener & { commands: string[] } {
  const commands: string[] = [];
  const run = async (command: string) => {
    commands.push(command);
    const [bytes, path] = askedOf(command);
    const sum = createHash('sha256').update(read(path as string).subarray(0, Number(bytes)));
    return { exitCode: 0, stdout: `${sum.digest('hex')}  -\n` };
  };
  return { ...opener, run, commands };
}

describe('upload with resume', () => {
  it.each(["by the server's checksum", 'by reading back'])(
    'sends only what is missing, proven %s',
    async (how) => {
      await using mock = await mockSftp();
      const content = bytesOf(6 * MiB);
      mock.server.files.write(temporary, content.subarray(0, 4 * MiB));
      const { read } = mock.server.files;
      const opener = how.includes('checksum') ? withChecksums(mock.opener, read) : mock.opener;
      const result = await upload(opener, content, '/target', { resume: true });
      expect(mock.server.files.read('/target').equals(content)).toBe(true);
      expect(mock.server.files.list()).toEqual(['/target']);
      expect(result.bytes).toBe(2 * MiB);
    },
  );

  it('does not open for writing what is complete, since rclone without its cache would empty it', async () => {
    const content = bytesOf(2 * MiB);
    const memory = memorySftp({ files: { [temporary]: content } });
    const result = await upload(memory.opener, content, '/target', { resume: true, preserve: true });
    const opened = memory.asked.filter((request) => request.startsWith('open '));
    expect(opened).toEqual(['open /.target.LAST r', 'open /.target.LAST r']);
    expect([result.bytes, memory.files()]).toEqual([0, ['/target']]);
    expect(memory.entry('/target')?.bytes.equals(content)).toBe(true);
  });

  it('fills the holes left by several sessions, and sends nothing else again', async () => {
    await using mock = await mockSftp();
    const content = bytesOf(6 * MiB);
    const partial = Buffer.from(content.subarray(0, 5 * MiB));
    partial.fill(0, 3 * MiB, 3 * MiB + 100_000);
    mock.server.files.write(temporary, partial);
    const result = await upload(mock.opener, content, '/target', { resume: true });
    expect(mock.server.files.read('/target').equals(content)).toBe(true);
    expect(result.bytes).toBeLessThan(MiB + 700_000);
  });

  it('starts over if the source has changed', async () => {
    await using mock = await mockSftp();
    const content = bytesOf(3 * MiB, 2);
    mock.server.files.write(temporary, bytesOf(2 * MiB, 1));
    const result = await upload(mock.opener, content, '/target', { resume: true });
    expect(mock.server.files.read('/target').equals(content)).toBe(true);
    expect(result.bytes).toBe(3 * MiB);
  });

  it('starts over if the remote file is longer than the source', async () => {
    await using mock = await mockSftp();
    mock.server.files.write(temporary, bytesOf(3 * MiB));
    await upload(mock.opener, bytesOf(MiB), '/target', { resume: true });
    expect(mock.server.files.read('/target').equals(bytesOf(MiB))).toBe(true);
  });

  it('reads and closes the remote file before it opens it for writing, since Windows does not allow both', async () => {
    await using mock = await mockSftp();
    mock.server.files.write(temporary, bytesOf(MiB));
    await upload(mock.opener, bytesOf(2 * MiB), '/target', { resume: true });
    const asked = mock.server.journal.flatMap((entry) => (entry.type === 'sftp' ? [entry.op] : []));
    const [reading, writing] = asked.flatMap((op, at) => (op === 'OPEN' ? [at] : []));
    expect(asked.slice(reading, writing)).toContain('CLOSE');
    expect(asked.lastIndexOf('READ')).toBeLessThan(writing as number);
  });

  it.runIf(isPosix)('keeps the temporary file for the next call if it fails', async () => {
    await using mock = await mockSftp({ faults: { sftp: { failOp: { op: 'WRITE', nth: 40 } } } });
    // Not so much that a slow machine takes several sessions, of which none comes to its 40th write.
    const content = bytesOf(15 * MiB);
    // On a near line the writes would be smaller, and the second upload have 40 as well.
    const far: typeof mock.opener = {
      ...mock.opener,
      openSftp: async (options) =>
        Object.defineProperty(await mock.opener.openSftp(options), 'roundTrip', { value: 20 }),
    };
    await expect(upload(far, content, '/target', { resume: true })).rejects.toThrow('failed');
    expect(mock.server.files.has('/target')).toBe(false);
    expect(mock.server.files.read(temporary).length).toBeGreaterThan(5 * MiB);
    const result = await upload(far, content, '/target', { resume: true });
    expect(mock.server.files.read('/target').equals(content)).toBe(true);
    expect(result.bytes).toBeLessThan(11 * MiB);
  });

  it('continues what an upload without resume had begun', async () => {
    await using mock = await mockSftp({
      faults: { cut: { direction: 'toServer', atByte: 4 * MiB, how: 'rst' } },
    });
    const content = bytesOf(8 * MiB);
    await expect(upload(mock.opener, content, '/target')).rejects.toMatchObject({
      code: 'SSH_CONNECTION_LOST',
    });
    expect(mock.server.files.list()).toEqual([temporary]);
    await using again = await mockSftp();
    again.server.files.write(temporary, mock.server.files.read(temporary));
    const result = await upload(again.opener, content, '/target', { resume: true });
    expect(result.bytes).toBeLessThan(6 * MiB);
    expect(again.server.files.list()).toEqual(['/target']);
  });

  it('sends nothing if the checksum proves that the file is complete', async () => {
    await using mock = await mockSftp();
    const content = bytesOf(2 * MiB);
    mock.server.files.write('/target', content);
    const result = await upload(withChecksums(mock.opener, mock.server.files.read), content, '/target', {
      resume: true,
    });
    expect(result).toMatchObject({ files: 1, bytes: 0 });
  });
});

describe('upload with resume', () => {
  it('sends everything over a different file of the same size, however the content is verified', async () => {
    await using mock = await mockSftp();
    const content = bytesOf(MiB, 1);
    for (const opener of [mock.opener, withChecksums(mock.opener, mock.server.files.read)]) {
      mock.server.files.write('/target', bytesOf(MiB, 2));
      const result = await upload(opener, content, '/target', { resume: true });
      expect(mock.server.files.read('/target').equals(content)).toBe(true);
      expect(result.bytes).toBe(MiB);
    }
  });
});

describe('download with resume', () => {
  it("downloads only what is missing, proven by the server's checksum", async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    const content = bytesOf(6 * MiB);
    mock.server.files.write('/file', content);
    await writeFile(join(folder.path, lastingTempName('f')), content.subarray(0, 4 * MiB));
    const opener = withChecksums(mock.opener, mock.server.files.read);
    const result = await download(opener, '/file', join(folder.path, 'f'), { resume: true });
    expect(result.bytes).toBe(2 * MiB);
    expect((await readFile(join(folder.path, 'f'))).equals(content)).toBe(true);
    expect(await readdir(folder.path)).toEqual(['f']);
  });

  it('does not write through a hard link', async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    const [victim, part] = [join(folder.path, 'victim'), join(folder.path, lastingTempName('f'))];
    mock.server.files.write('/file', 'new content');
    await writeFile(victim, 'precious');
    await link(victim, part);
    await download(mock.opener, '/file', join(folder.path, 'f'), { resume: true });
    expect(await readFile(victim, 'utf8')).toBe('precious');
    expect(await readFile(join(folder.path, 'f'), 'utf8')).toBe('new content');
    expect((await readdir(folder.path)).sort()).toEqual(['f', 'victim']);
  });

  it('does not resume a file of another user', async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    const part = join(folder.path, lastingTempName('f'));
    mock.server.files.write('/file', 'new content');
    await writeFile(part, 'new');
    const before = await stat(part);
    // Held open, so that its number is not given to another file.
    await using held = await open(part);
    const getuid = vi.spyOn(process, 'getuid').mockReturnValue(before.uid + 1);
    await download(mock.opener, '/file', join(folder.path, 'f'), { resume: true });
    getuid.mockRestore();
    expect((await stat(join(folder.path, 'f'))).ino).not.toBe((await held.stat()).ino);
  });

  it.each(['changed', 'without a checksum'])('starts over if the source is %s', async (how) => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    const content = bytesOf(3 * MiB, 2);
    mock.server.files.write('/file', content);
    await writeFile(join(folder.path, lastingTempName('f')), bytesOf(2 * MiB, 1));
    const opener = how === 'changed' ? withChecksums(mock.opener, mock.server.files.read) : mock.opener;
    const result = await download(opener, '/file', join(folder.path, 'f'), { resume: true });
    expect(result.bytes).toBe(3 * MiB);
    expect((await readFile(join(folder.path, 'f'))).equals(content)).toBe(true);
  });
});

describe("verify: 'sha256'", () => {
  it('uses the command if it proves the copy, else reads it back', async () => {
    await using mock = await mockSftp();
    const content = bytesOf(2 * MiB);
    const right = withChecksums(mock.opener, mock.server.files.read);
    await upload(right, content, '/a', { verify: 'sha256' });
    expect(right.commands.length).toBe(1);
    const lying = withChecksums(mock.opener, () => Buffer.from('another file'));
    await upload(lying, content, '/b', { verify: 'sha256' });
    expect(mock.server.files.read('/b').equals(content)).toBe(true);
  });

  it('detects a copy of the right size with different content', async () => {
    await using mock = await mockSftp();
    const lies: SftpOpener = {
      ...mock.opener,
      async openSftp(options) {
        const sftp = await mock.opener.openSftp(options);
        const write = sftp.write.bind(sftp);
        sftp.write = (handle, position, data, done) => {
          if (position === 0) data.buffer[data.start] = (data.buffer[data.start] as number) ^ 1;
          write(handle, position, data, done);
        };
        return sftp;
      },
    };
    mock.server.files.write('/a', 'old');
    const upload_ = upload(lies, bytesOf(MiB), '/a', { verify: 'sha256' });
    await expect(upload_).rejects.toThrow('differ from byte 0 on');
    expect(mock.server.files.text('/a')).toBe('old');
    expect(mock.server.files.list()).toEqual(['/a']);
  });
});
