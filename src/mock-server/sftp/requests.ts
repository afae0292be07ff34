import type { SftpOp } from '../faults/fault-types.ts';
import { extendedRequest } from './extensions.ts';
import { type DirectoryEntry, modeType, type OpenFlags, SftpStatus, status } from './files/filesystem.ts';
import { liedFile, liedHandle } from './lies.ts';
import { longName } from './long-name.ts';
import {
  done,
  type MockReply,
  type MockSftpSession,
  maxRead,
  notedPath,
  pathOf,
  renameReply,
} from './session.ts';
import { encodeAttributes, type PacketFields, packet, string, uint32 } from './wire.ts';

type ReplyInTime = MockReply | Promise<MockReply>;

const namesInReply = 100;
/** Request numbers and their names. */
export const opNames: Record<number, SftpOp> = {
  3: 'OPEN',
  4: 'CLOSE',
  5: 'READ',
  6: 'WRITE',
  7: 'LSTAT',
  8: 'FSTAT',
  9: 'SETSTAT',
  10: 'FSETSTAT',
  11: 'OPENDIR',
  12: 'READDIR',
  13: 'REMOVE',
  14: 'MKDIR',
  15: 'RMDIR',
  16: 'REALPATH',
  17: 'STAT',
  18: 'RENAME',
  19: 'READLINK',
  20: 'SYMLINK',
  200: 'EXTENDED',
};

/** The handler of each request: reads its fields, acts, replies. */
export const requests: Record<SftpOp, (session: MockSftpSession, fields: PacketFields) => ReplyInTime> = {
  OPEN: async (session, fields) => {
    const raw = fields.text();
    const flags = openFlags(fields.uint32());
    const attributes = fields.attributes();
    session.note({ path: raw });
    if (session.lies.isMadeUp(raw)) return handleReply(session.handles.addFile(liedHandle()));
    return handleReply(
      session.handles.addFile(await session.filesystem.open(pathOf(session, raw), flags, attributes)),
    );
  },
  CLOSE: async (session, fields) => {
    const handle = fields.bytes();
    await session.handles.remove(handle)?.close();
    session.lies.checkUnspoilt(handle);
    return done();
  },
  READ: (session, fields) => {
    const file = session.handles.file(fields.bytes());
    const offset = fields.uint64();
    const length = fields.uint32();
    session.note({ offset, length });
    const data = file.read(offset, Math.min(length, maxRead, session.lies.all.shortReads ?? maxRead));
    return data instanceof Promise ? data.then(dataReply) : dataReply(data);
  },
  WRITE: (session, fields) => {
    const handle = fields.bytes();
    const file = session.handles.file(handle);
    const offset = fields.uint64();
    const data = fields.bytes();
    session.note({ offset, length: data.length });
    session.lies.takeInOrder(handle, offset, data.length);
    const written = file.write(offset, data.subarray(0, session.lies.all.shortWrites ?? data.length));
    return written instanceof Promise ? written.then(done) : done();
  },
  LSTAT: (session, fields) => statReply(session, fields.text(), false),
  STAT: (session, fields) => statReply(session, fields.text(), true),
  FSTAT: async (session, fields) => {
    const attributes = await session.handles.file(fields.bytes()).stat();
    return attributesReply(session, attributes);
  },
  SETSTAT: async (session, fields) => {
    const path = notedPath(session, fields.text());
    await session.filesystem.setAttributes(path, fields.attributes(), true);
    return done();
  },
  FSETSTAT: async (session, fields) => {
    await session.handles.file(fields.bytes()).setAttributes(fields.attributes());
    return done();
  },
  OPENDIR: async (session, fields) => {
    const entries = await session.filesystem.list(notedPath(session, fields.text()));
    return handleReply(session.handles.addListing([...entries, ...session.lies.moreNames()]));
  },
  READDIR: (session, fields) => {
    const listing = session.handles.listing(fields.bytes());
    const batch =
      session.lies.endlessNames() ?? listing.entries.slice(listing.next, listing.next + namesInReply);
    listing.next += namesInReply;
    if (batch.length === 0) throw new SftpStatus(status.eof);
    return nameReply(session, batch);
  },
  REMOVE: async (session, fields) => {
    await session.filesystem.remove(notedPath(session, fields.text()));
    return done();
  },
  MKDIR: async (session, fields) => {
    const path = notedPath(session, fields.text());
    await session.filesystem.makeDirectory(path, fields.attributes());
    return done();
  },
  RMDIR: async (session, fields) => {
    await session.filesystem.removeDirectory(notedPath(session, fields.text()));
    return done();
  },
  REALPATH: async (session, fields) => {
    const path = await session.filesystem.realPath(notedPath(session, fields.text()));
    return nameReply(session, [{ name: path, attributes: {} }]);
  },
  RENAME: (session, fields) => renameReply(session, fields, false),
  READLINK: async (session, fields) => {
    const raw = fields.text();
    session.note({ path: raw });
    const target = session.lies.isLoop(raw) ? '.' : await session.filesystem.readLink(pathOf(session, raw));
    return nameReply(session, [{ name: target, attributes: {} }]);
  },
  SYMLINK: async (session, fields) => {
    // Like OpenSSH, contrary to the draft: the target comes first.
    const target = fields.text();
    const raw = fields.text();
    session.note({ path: raw, target });
    await session.filesystem.symbolicLink(target, pathOf(session, raw));
    return done();
  },
  EXTENDED: (session, fields) => extendedRequest(session, fields),
};

async function statReply(session: MockSftpSession, raw: string, followLinks: boolean): Promise<MockReply> {
  session.note({ path: raw });
  const { lies, filesystem } = session;
  if (lies.isMadeUp(raw)) return attributesReply(session, liedFile());
  if (!followLinks && lies.isLoop(raw))
    return attributesReply(session, { size: 1, mode: modeType.link | 0o777 });
  const path = pathOf(session, raw);
  return attributesReply(session, await (followLinks ? filesystem.stat(path) : filesystem.lstat(path)));
}

function attributesReply(session: MockSftpSession, attributes: DirectoryEntry['attributes']): MockReply {
  return { type: packet.attributes, fields: [encodeAttributes(session.lies.attributes(attributes))] };
}

function handleReply(handle: Buffer): MockReply {
  return { type: packet.handle, fields: [string(handle)] };
}

function dataReply(data: Buffer): MockReply {
  if (data.length === 0) throw new SftpStatus(status.eof);
  return { type: packet.data, fields: [uint32(data.length), data] };
}

function nameReply(session: MockSftpSession, entries: DirectoryEntry[]): MockReply {
  const names = entries.flatMap((entry) => {
    const attributes = session.lies.attributes(entry.attributes);
    return [string(entry.name), string(longName(entry.name, attributes)), encodeAttributes(attributes)];
  });
  return { type: packet.name, fields: [uint32(entries.length), ...names] };
}

function openFlags(bits: number): OpenFlags {
  return {
    read: (bits & 1) !== 0,
    write: (bits & 2) !== 0,
    append: (bits & 4) !== 0,
    create: (bits & 8) !== 0,
    truncate: (bits & 16) !== 0,
    exclusive: (bits & 32) !== 0,
  };
}
