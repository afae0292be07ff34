import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connectViaGateway } from '../../src/index.ts';
import { frame, string, uint32 } from '../../src/mock-server/sftp/wire.ts';
import { bytesOf, localFolder, rejection } from '../support/mock-sftp.ts';
import {
  listed,
  names,
  type Oddity,
  oddSftp,
  refuses,
  type SftpPacket,
  status,
  subject,
  type,
  untold,
  whole,
} from '../support/odd-sftp.ts';

async function served(oddity: Oddity) {
  const server = await oddSftp(oddity);
  const { host, port, username, password, hostKey } = server;
  const connection = await connectViaGateway({
    ...{ host, port, username, password, hostKey: { key: hostKey }, retry: false },
    timeouts: { channel: 2_000 },
  });
  return {
    ...{ server, connection, files: server.behind.files },
    async [Symbol.asyncDispose]() {
      await connection.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

const content = bytesOf(70_000);
const statusIn = (reply: SftpPacket) => (reply.type === type.status ? reply.body.readUInt32BE(0) : undefined);
const offsetOf = ({ body }: SftpPacket) => Number(body.readBigUInt64BE(4 + body.readUInt32BE(0)));

/** The same statuses by other numbers. */
function statusesChanged(from: number, to: number): Oddity {
  return { reply: (reply) => (statusIn(reply) === from ? status(reply, to) : whole(reply)) };
}

/** Whoever asks behind the end of a folder is told that there is no such handle. */
function closesFolders(): Oddity {
  const ended = new Set<string>();
  return {
    reply(reply, request) {
      if (request.type !== type.readdir) return whole(reply);
      const handle = subject(request).toString('hex');
      if (ended.has(handle)) return status(reply, 4, 'Invalid handle');
      if (statusIn(reply) === 1) ended.add(handle);
      return whole(reply);
    },
  };
}

/** At most so many files and folders are open at once. */
function fewHandles(most: number): Oddity {
  let open = 0;
  const opens = (request: SftpPacket) => request.type === type.open || request.type === type.opendir;
  return {
    instead(request) {
      if (request.type === type.close) open--;
      if (!opens(request)) return undefined;
      if (open >= most) return status(request, 4, 'too many open files');
      open++;
      return undefined;
    },
    reply(reply, request) {
      if (opens(request) && reply.type !== type.handle) open--;
      return whole(reply);
    },
  };
}

/** A line of `ls -l` for an entry of the mock server, which tells its mode behind size and owner. */
function lsLine(entry: { name: Buffer; attributes: Buffer }): Buffer {
  const flags = entry.attributes.readUInt32BE(0);
  if (!(flags & 4)) return entry.name;
  const mode = entry.attributes.readUInt32BE(4 + (flags & 1 ? 8 : 0) + (flags & 2 ? 8 : 0));
  const kind = { 4: 'd', 8: '-', 10: 'l' }[mode >> 12] ?? '?';
  const bits = [...'rwxrwxrwx'].map((letter, at) => (mode & (0o400 >> at) ? letter : '-')).join('');
  return Buffer.from(`${kind}${bits}   1 rpa rpa 12 Jan  1 2026 ${entry.name}`);
}

const oddities: Record<string, () => Oddity> = {
  'tells no modes': () => ({ reply: untold(4) }),
  'tells no modes but in lines of ls': () => ({ reply: untold(4, lsLine) }),
  'tells no attributes': () => ({ reply: untold(15) }),
  'tells no sizes': () => ({ reply: untold(1) }),
  'tells no times': () => ({ reply: untold(8) }),
  'tells no modes and reads no links': () => ({
    reply: untold(4),
    instead: refuses([type.readlink]),
  }),
  'knows no FSTAT': () => ({ instead: refuses([type.fstat]) }),
  'fails at FSTAT': () => ({ instead: refuses([type.fstat], 4) }),
  'says of an open file that there is none': () => ({ instead: refuses([type.fstat], 2) }),
  'fails at STAT': () => ({ instead: refuses([type.stat], 4) }),
  'fails at LSTAT': () => ({ instead: refuses([type.lstat], 4) }),
  'knows no STAT': () => ({ instead: refuses([type.stat]) }),
  'forbids STAT': () => ({ instead: refuses([type.stat], 3) }),
  'knows no LSTAT': () => ({ instead: refuses([type.lstat]) }),
  'announces posix-rename, and does not know it': () => ({ instead: refuses([200]) }),
  'says 10 of what is missing': () => statusesChanged(2, 10),
  'says 11 of what exists': () => statusesChanged(4, 11),
  'says failure where the folder above is missing': () => ({
    reply: (reply, request) =>
      request.type === type.mkdir && statusIn(reply) === 2 ? status(reply, 4) : whole(reply),
  }),
  'closes a folder at its end': closesFolders,
  'sends statuses without words': () => ({
    reply: (reply) =>
      reply.type === type.status
        ? frame(type.status, uint32(reply.id), reply.body.subarray(0, 4))
        : whole(reply),
  }),
  'reads 1000 bytes at a time': () => ({
    reply: (reply, request) =>
      request.type === type.read && reply.type === type.data
        ? frame(type.data, uint32(reply.id), string(reply.body.subarray(4, 1_004)))
        : whole(reply),
  }),
  'lists no dots, and every name twice': () => ({
    reply(reply) {
      if (reply.type !== type.name) return whole(reply);
      const entries = listed(reply).filter(({ name }) => !/^\.\.?$/.test(name.toString()));
      return names(reply, [...entries, ...entries]);
    },
  }),
  'answers every request twice': () => ({
    reply: (reply) => Buffer.concat([whole(reply), whole(reply)]),
  }),
};

describe.each(Object.entries(oddities))('a server that %s', (_name, oddity) => {
  it('stores files unchanged, also over old ones, and returns them', async () => {
    await using here = await localFolder();
    await using odd = await served(oddity());
    odd.files.write('/old', 'old');
    await odd.connection.upload(content, '/old');
    await odd.connection.upload(content, '/new');
    expect(odd.files.list('/')).toEqual(['/new', '/old']);
    for (const path of ['/old', '/new']) expect(odd.files.read(path).equals(content)).toBe(true);
    await odd.connection.download('/old', join(here.path, 'got'));
    expect((await readFile(join(here.path, 'got'))).equals(content)).toBe(true);
    await using sftp = await odd.connection.sftp();
    await sftp.copy('/old', '/copy');
    expect((await sftp.readFile('/copy')).equals(content)).toBe(true);
  });

  it('stores folders, with others in them, and returns them', async () => {
    await using here = await localFolder();
    await using odd = await served(oddity());
    await mkdir(join(here.path, 'out/sub'), { recursive: true });
    await writeFile(join(here.path, 'out/a'), 'a');
    await writeFile(join(here.path, 'out/sub/b'), content);
    odd.files.mkdir('/in/sub');
    await odd.connection.upload(join(here.path, 'out'), '/in');
    expect(odd.files.list('/in')).toEqual(['/in/a', '/in/sub/b']);
    await odd.connection.download('/in', join(here.path, 'back'));
    expect((await readdir(join(here.path, 'back'), { recursive: true })).sort()).toEqual([
      'a',
      'sub',
      'sub/b',
    ]);
    expect((await readFile(join(here.path, 'back/sub/b'))).equals(content)).toBe(true);
  });

  it('tells what exists', async () => {
    await using odd = await served(oddity());
    odd.files.write('/in/file', 'f');
    await using sftp = await odd.connection.sftp();
    expect([await sftp.exists('/in/file'), await sftp.exists('/in'), await sftp.exists('/none')]).toEqual([
      ...[true, true, false],
    ]);
    await sftp.stat('/in/file');
  });

  it('does not lose a folder to a file of the same name', async () => {
    await using odd = await served(oddity());
    odd.files.write('/folder/file', 'inside');
    const error = await rejection(odd.connection.upload(content, '/folder'));
    expect(error).toMatchObject({ code: 'SSH_TRANSFER_FAILED' });
    expect(odd.files.list('/')).toEqual(['/folder/file']);
    await using sftp = await odd.connection.sftp();
    odd.files.write('/file', 'file');
    expect(await rejection(sftp.rename('/file', '/folder'))).toMatchObject({ code: 'SSH_SFTP_FAILED' });
    expect(odd.files.list('/')).toEqual(['/file', '/folder/file']);
  });

  it('creates parent folders, and removes files, folders and trees, but nothing behind a link', async () => {
    await using odd = await served(oddity());
    await using sftp = await odd.connection.sftp();
    for (let twice = 2; twice > 0; twice--) await sftp.mkdir('/a/b/c', { recursive: true });
    odd.files.write('/a/b/c/d', 'd');
    odd.files.write('/kept/file', 'kept');
    odd.files.symlink('/kept', '/a/b/link');
    await sftp.remove('/a', { recursive: true });
    odd.files.mkdir('/empty');
    await sftp.remove('/empty');
    odd.files.write('/file', 'f');
    await sftp.remove('/file');
    expect(odd.files.list('/')).toEqual(['/kept/file']);
    expect(odd.files.has('/a') || odd.files.has('/empty')).toBe(false);
  });
});

describe('the type of a file known only from its `ls` line', () => {
  it('is listed', async () => {
    await using odd = await served({ reply: untold(4, lsLine) });
    odd.files.write('/in/file', 'f', { mode: 0o640 });
    odd.files.mkdir('/in/dir');
    await using sftp = await odd.connection.sftp();
    expect((await sftp.list('/in')).map(({ name, type, mode }) => [name, type, mode])).toEqual([
      ['dir', 'directory', 0o755],
      ['file', 'file', 0o640],
    ]);
  });

  it('is not read from a name that looks similar', async () => {
    await using odd = await served({ reply: untold(4) });
    odd.files.write('/in/drwxr-xr-x', 'f');
    odd.files.write('/in/documents', 'f');
    await using sftp = await odd.connection.sftp();
    expect((await sftp.list('/in')).map(({ type }) => type)).toEqual(['file', 'file']);
  });
});

describe('appending', () => {
  const append = async (oddity: Oddity) => {
    await using odd = await served(oddity);
    odd.files.write('/log', 'first ');
    await using sftp = await odd.connection.sftp();
    const stream = sftp.createWriteStream('/log', { flags: 'a' });
    stream.on('error', () => {});
    const done = new Promise((resolve) => stream.on('close', resolve));
    stream.end('second');
    await done;
    return { text: odd.files.text('/log'), error: stream.errored };
  };

  it('uses STAT for the size if FSTAT does not report it', async () => {
    expect(await append({ instead: refuses([type.fstat]) })).toEqual({ text: 'first second', error: null });
  });

  it('overwrites nothing if the size is unknown', async () => {
    const { text, error } = await append({ reply: untold(1) });
    expect(text).toBe('first ');
    expect(error).toMatchObject({ code: 'SSH_SFTP_FAILED', operation: 'append', path: '/log' });
  });
});

describe('an EOF status', () => {
  const early: Oddity = {
    reply: (reply, request) =>
      request.type === type.read && offsetOf(request) === 31_744 ? status(reply, 1) : whole(reply),
  };

  it('followed by data is an error', async () => {
    await using odd = await served(early);
    await using here = await localFolder();
    odd.files.write('/file', content);
    await using sftp = await odd.connection.sftp();
    const wanted = {
      reason: expect.stringContaining('an end of file at byte 31744, and bytes from behind it'),
    };
    expect(await rejection(sftp.readFile('/file'))).toMatchObject({ code: 'SSH_SFTP_FAILED', ...wanted });
    const read = async () => {
      for await (const _ of sftp.createReadStream('/file'));
    };
    expect(await rejection(read())).toMatchObject({ code: 'SSH_SFTP_FAILED', ...wanted });
    expect(await rejection(odd.connection.download('/file', join(here.path, 'f')))).toMatchObject(wanted);
    expect(await readdir(here.path)).toEqual([]);
  });
});

describe('few handles', () => {
  it('suffice for a folder with concurrency: 1', async () => {
    await using here = await localFolder();
    await using odd = await served(fewHandles(1));
    for (const path of ['/in/a', '/in/b/c', '/in/d/e', '/in/f/g']) odd.files.write(path, path);
    await odd.connection.download('/in', join(here.path, 'got'), { concurrency: 1 });
    expect((await readdir(join(here.path, 'got'), { recursive: true })).sort()).toEqual([
      ...['a', 'b', 'b/c', 'd', 'd/e', 'f', 'f/g'],
    ]);
    await odd.connection.upload(join(here.path, 'got'), '/again', { concurrency: 1 });
    expect(odd.files.list('/again')).toHaveLength(4);
  });

  it('that are all equal are rejected, and no file is mistaken for another', async () => {
    await using here = await localFolder();
    let last = Buffer.alloc(0);
    await using odd = await served({
      reply(reply) {
        if (reply.type !== type.handle) return whole(reply);
        last = Buffer.from(reply.body);
        return frame(type.handle, uint32(reply.id), string(''));
      },
      instead(request) {
        if ([4, 5, 6, 8, 10, 12].includes(request.type))
          request.body = Buffer.concat([last, request.body.subarray(4)]);
        return undefined;
      },
    });
    odd.files.write('/in/a', 'a');
    odd.files.write('/in/b/c', 'c');
    odd.files.write('/in/d/e', 'e');
    expect(await rejection(odd.connection.download('/in', join(here.path, 'got')))).toMatchObject({
      code: 'SSH_TRANSFER_FAILED',
      reason: expect.stringContaining('a handle by which something else is open'),
    });
    await odd.connection.download('/in', join(here.path, 'one'), { concurrency: 1 });
    expect(await readFile(join(here.path, 'one/d/e'), 'utf8')).toBe('e');
  });
});

describe('a version reply', () => {
  it.each([2, 4, 6])('of version %i is rejected', async (version) => {
    await using odd = await served({ version: frame(type.version, uint32(version)) });
    expect(await rejection(odd.connection.sftp())).toMatchObject({
      code: 'SSH_SFTP_FAILED',
      reason: `version ${version} of SFTP instead of 3`,
    });
  });

  it('followed by text is reported with the text', async () => {
    const version = Buffer.concat([
      frame(type.version, uint32(3)),
      Buffer.from('Welcome, kim!\nNews: none\n'),
    ]);
    await using odd = await served({ version });
    await using sftp = await odd.connection.sftp();
    expect(await rejection(sftp.stat('/'))).toMatchObject({
      reason: 'the server sent text in the middle of SFTP: "Welcome, kim!\\nNews: none"',
      hint: expect.stringContaining('.bashrc'),
      retryable: false,
    });
  });
});
