import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { SftpFailed, TransferFailed } from '../../src/errors/index.ts';
import { openSftpClient } from '../../src/sftp/client/client.ts';
import { lastingTempName } from '../../src/sftp/names/temp-name.ts';
import type { TransferOptions } from '../../src/sftp/transfer/options.ts';
import { upload } from '../../src/sftp/up/upload.ts';
import type { SftpOpener, SftpRequests } from '../../src/ssh2/sftp/requests.ts';
import { countingSftp } from '../support/counting-sftp.ts';
import { bytesOf, localFolder, mockSftp, rejection } from '../support/mock-sftp.ts';

const MiB = 1024 * 1024;
const content = bytesOf(3 * MiB + 5);
/** Of the size that rclone takes. */
const blocks = Math.ceil(content.length / (256 * 1024 - 2048));
const ways = ['refuse', 'spoil'] as const;

const strict = (writesInOrder: (typeof ways)[number], ident = 'rclone/v1.60.1') =>
  mockSftp({ ident, faults: { sftp: { writesInOrder } } });

type Mock = Awaited<ReturnType<typeof mockSftp>>;

function opens(mock: Mock): number {
  return mock.server.journal.filter((entry) => entry.type === 'sftp' && entry.op === 'OPEN').length;
}

function ops(mock: Mock): string[] {
  return mock.server.journal.flatMap((entry) => (entry.type === 'sftp' ? [entry.op] : []));
}

function writes(mock: Mock): number[] {
  return mock.server.journal.flatMap((entry) =>
    entry.type === 'sftp' && entry.op === 'WRITE' ? [entry.offset ?? -1] : [],
  );
}

describe.each(ways)('a server that accepts writes only in order, and would %s others', (how) => {
  it.each<[string, TransferOptions]>([
    ['whole', {}],
    ['in place', { atomic: false }],
    ['with a checksum', { verify: 'sha256' }],
    ['with resume', { resume: true }],
  ])('is sent a file %s', async (_how, options) => {
    await using mock = await strict(how);
    const seen: number[] = [];
    const result = await upload(mock.opener, content, '/a', {
      ...options,
      onProgress: ({ transferred }) => seen.push(transferred),
    });
    expect(mock.server.files.read('/a').equals(content)).toBe(true);
    expect(mock.server.files.list()).toEqual(['/a']);
    expect(result).toMatchObject({ files: 1, bytes: content.length });
    expect(writes(mock).length).toBeGreaterThan(blocks);
    // Nothing is begun anew that can go on.
    if (how === 'refuse' && !options.verify) expect(opens(mock)).toBe(1);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBe(content.length);
  });

  it('is recognized from then on, on every session of the connection', async () => {
    await using mock = await strict(how);
    await upload(mock.opener, content, '/a');
    const before = writes(mock).length;
    const client = await openSftpClient(mock.opener);
    await Promise.all([
      upload(mock.opener, content, '/b'),
      upload(mock.opener, Readable.from([content]), '/c'),
      client.writeFile('/d', content),
    ]);
    await client.close();
    expect(writes(mock).length - before).toBe(3 * blocks);
    for (const name of ['/b', '/c', '/d']) expect(mock.server.files.read(name).equals(content)).toBe(true);
  });

  it('is sent a folder', async () => {
    await using mock = await strict(how);
    await using local = await localFolder();
    await mkdir(join(local.path, 'in'));
    const files = Array.from({ length: 12 }, (_, index) => bytesOf(index * 150_000, index + 1));
    for (const [index, bytes] of files.entries()) await writeFile(join(local.path, `in/${index}`), bytes);
    const result = await upload(mock.opener, join(local.path, 'in'), '/in');
    for (const [index, bytes] of files.entries())
      expect(mock.server.files.read(`/in/${index}`).equals(bytes)).toBe(true);
    expect(mock.server.files.list('/in').length).toBe(files.length);
    expect(result).toMatchObject({ files: 12, bytes: files.reduce((sum, { length }) => sum + length, 0) });
  });

  it('is sent what writeFile writes', async () => {
    await using mock = await strict(how);
    await using client = await openSftpClient(mock.opener);
    await client.writeFile('/a', content);
    expect(mock.server.files.read('/a').equals(content)).toBe(true);
    expect(writes(mock).length).toBeGreaterThan(blocks);
  });

  it('is sent a copy, and a second one', async () => {
    await using mock = await mockSftp({
      ident: 'rclone/v1.60.1',
      sftpExtensions: [],
      faults: { sftp: { writesInOrder: how } },
    });
    mock.server.files.write('/a', content);
    await using client = await openSftpClient(mock.opener);
    await client.copy('/a', '/b');
    await client.copy('/a', '/c');
    for (const name of ['/b', '/c']) expect(mock.server.files.read(name).equals(content)).toBe(true);
    expect(mock.server.files.list()).toEqual(['/a', '/b', '/c']);
  });

  it('is sent a stream with writesInOrder', async () => {
    await using mock = await strict(how);
    await upload(mock.opener, Readable.from([content]), '/a', { writesInOrder: true });
    expect(writes(mock).length).toBe(blocks);
  });

  it('is sent a write stream with writesInOrder', async () => {
    await using mock = await strict(how);
    await using client = await openSftpClient(mock.opener);
    await pipeline(Readable.from([content]), client.createWriteStream('/b', { writesInOrder: true }));
    expect(mock.server.files.read('/b').equals(content)).toBe(true);
    // Nothing was refused: nothing was sent twice.
    expect(writes(mock).length).toBe(blocks);
  });

  it("is sent the rest of an earlier call's file", async () => {
    await using mock = await strict(how);
    const half = content.subarray(0, 2 * MiB);
    mock.server.files.write(lastingTempName('/a'), half);
    const { bytes } = await upload(mock.opener, content, '/a', { resume: true });
    expect(mock.server.files.read('/a').equals(content)).toBe(true);
    expect(mock.server.files.list()).toEqual(['/a']);
    // Its handles begin at the start of a file: nothing can be kept, which the first write tells, alone.
    expect(bytes).toBe(content.length);
    expect(writes(mock).length).toBe(blocks + 1);
    // A server may put a rename off until nobody has the file open (rclone).
    const renamed = ops(mock).findIndex((op) => op.startsWith('posix-rename'));
    const closedFirst = ops(mock).slice(0, renamed);
    expect(renamed).toBeGreaterThan(0);
    expect(closedFirst.filter((op) => op === 'CLOSE').length).toBe(
      closedFirst.filter((op) => op === 'OPEN').length,
    );
    // The same again, now that the connection knows.
    mock.server.files.write(lastingTempName('/b'), half);
    await upload(mock.opener, content, '/b', { resume: true });
    expect(mock.server.files.read('/b').equals(content)).toBe(true);
    expect(mock.server.files.list()).toEqual(['/a', '/b']);
  });
});

describe('a stream, which cannot be sent again', () => {
  it('is continued in order if nothing is lost', async () => {
    await using mock = await strict('refuse');
    await upload(mock.opener, Readable.from([content]), '/a');
    const before = writes(mock).length;
    await using client = await openSftpClient(mock.opener);
    await pipeline(Readable.from([content]), client.createWriteStream('/b'));
    expect(before).toBeGreaterThan(blocks);
    expect(writes(mock).length - before).toBe(blocks);
    for (const name of ['/a', '/b']) expect(mock.server.files.read(name).equals(content)).toBe(true);
    expect(mock.server.files.list()).toEqual(['/a', '/b']);
  });

  it('fails with a hint at the option, and leaves nothing', async () => {
    await using mock = await strict('spoil');
    const error = await rejection(upload(mock.opener, Readable.from([content]), '/a'));
    expect(error).toBeInstanceOf(TransferFailed);
    expect(error).toMatchObject({ hint: expect.stringContaining('writesInOrder: true'), retryable: false });
    expect(mock.server.files.list()).toEqual([]);
    await using client = await openSftpClient(mock.opener);
    const written = pipeline(Readable.from([content]), client.createWriteStream('/b'));
    const failed = await rejection(written);
    expect(failed).toBeInstanceOf(SftpFailed);
    expect(failed).toMatchObject({ hint: expect.stringContaining('writesInOrder: true') });
  });

  it('is appended one write at a time', async () => {
    await using mock = await mockSftp({ ident: 'rclone/v1.60.1' });
    mock.server.files.write('/log', 'old');
    await using client = await openSftpClient(mock.opener);
    const { most, opener } = countingSftp(mock.opener);
    await using counted = await openSftpClient(opener);
    await pipeline(Readable.from([content]), counted.createWriteStream('/log', { flags: 'a' }));
    expect(most.requests).toBe(1);
    expect(mock.server.files.read('/log').subarray(3).equals(content)).toBe(true);
    await client.close();
  });
});

describe('a failure for another reason', () => {
  const failing = (message: string, nth = 3) => ({
    sftp: { failOp: { op: 'WRITE' as const, message, nth } },
  });

  it('a full disk is reported at once, and the connection stays as fast as before', async () => {
    await using mock = await mockSftp({ ident: 'Go', faults: failing('no space left on device') });
    const error = await rejection(upload(mock.opener, content, '/a'));
    expect(error).toMatchObject({ reason: expect.stringContaining('no space left') });
    expect(opens(mock)).toBe(1);
    const { most, opener } = countingSftp(mock.opener);
    await upload(opener, content.subarray(0, 400_000), '/b');
    expect(most.requests).toBeGreaterThan(1);
  });

  it('a failure that recurs does not slow the connection down', async () => {
    await using mock = await mockSftp({ ident: 'Go', faults: { sftp: { failOp: { op: 'WRITE' } } } });
    await rejection(upload(mock.opener, content, '/a'));
    // With one write under way it failed again, and what was begun anew failed too.
    expect(opens(mock)).toBe(2);
    expect(mock.server.files.list()).toEqual([]);
    const sftp = await mock.opener.openSftp();
    expect(sftp.writes.order).toBe('in turn');
    await sftp.close();
  });

  it('a failed close may be due to the order, and is retried once', async () => {
    const faults = { sftp: { failOp: { op: 'CLOSE' as const, nth: 1 } } };
    await using mock = await mockSftp({ ident: 'Go', faults });
    await upload(mock.opener, content, '/a');
    expect(mock.server.files.read('/a').equals(content)).toBe(true);
    expect(opens(mock)).toBe(2);
  });

  it('on OpenSSH a failure is final', async () => {
    await using mock = await mockSftp({ faults: failing('Failure') });
    await rejection(upload(mock.opener, content, '/a'));
    expect(opens(mock)).toBe(1);
  });
});

describe('an unknown server', () => {
  const unknown = { ident: 'SomeSftpd', faults: { latencyMs: 5 } };

  it('is sent a large file on one session, with writes in order', { timeout: 60_000 }, async () => {
    await using mock = await mockSftp(unknown);
    await using local = await localFolder();
    const large = bytesOf(20 * MiB);
    await writeFile(join(local.path, 'large'), large);
    let sessions = 0;
    await upload(mock.opener, join(local.path, 'large'), '/a', {
      onProgress: () => {
        sessions = Math.max(sessions, mock.link.slots.open);
      },
    });
    expect(sessions).toBe(1);
    expect(mock.server.files.read('/a').equals(large)).toBe(true);
    expect(writes(mock)).toEqual(writes(mock).toSorted((a, b) => a - b));
  });

  it('is asked for the size once every write is answered', async () => {
    await using mock = await mockSftp(unknown);
    const answered: boolean[] = [];
    const { most, opener } = countingSftp(mock.opener);
    const watched: SftpOpener = {
      ...opener,
      async openSftp(options) {
        const sftp = await opener.openSftp(options);
        let underWay = 0;
        return new Proxy(sftp, {
          get(target, name) {
            if (name === 'fstat') answered.push(underWay === 0);
            if (name === 'write')
              return (...[handle, position, data, done]: Parameters<SftpRequests['write']>) => {
                underWay++;
                target.write(handle, position, data, (error) => {
                  underWay--;
                  done(error);
                });
              };
            const value: unknown = Reflect.get(target, name, target);
            return typeof value === 'function' ? value.bind(target) : value;
          },
        });
      },
    };
    await upload(watched, content, '/a');
    expect(most.requests).toBeGreaterThan(1);
    expect(answered).toEqual([true]);
  });
});
