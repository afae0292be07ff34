import { SftpStatus, status } from './files/filesystem.ts';
import {
  done,
  type MockReply,
  type MockSftpSession,
  maxRead,
  notedPath,
  pathOf,
  renameReply,
} from './session.ts';
import { encodeAttributes, type PacketFields, packet, string, uint32, uint64 } from './wire.ts';

const copyPiece = 256 << 10;
const wholeFile = 0;

/** An SFTP extension that the mock server can offer. */
export type SftpExtension =
  | 'posix-rename@openssh.com'
  | 'statvfs@openssh.com'
  | 'hardlink@openssh.com'
  | 'fsync@openssh.com'
  | 'lsetstat@openssh.com'
  | 'limits@openssh.com'
  | 'expand-path@openssh.com'
  | 'copy-data';

/** The versions that the server's first packet advertises. */
export const extensionVersions: Record<SftpExtension, string> = {
  'posix-rename@openssh.com': '1',
  'statvfs@openssh.com': '2',
  'hardlink@openssh.com': '1',
  'fsync@openssh.com': '1',
  'lsetstat@openssh.com': '1',
  'limits@openssh.com': '1',
  'expand-path@openssh.com': '1',
  'copy-data': '1',
};

type Handler = (session: MockSftpSession, fields: PacketFields) => MockReply | Promise<MockReply>;

const handlers: Record<SftpExtension, Handler> = {
  'posix-rename@openssh.com': (session, fields) => renameReply(session, fields, true),
  'statvfs@openssh.com': async (session, fields) => {
    await session.filesystem.stat(notedPath(session, fields.text()));
    return { type: packet.extendedReply, fields: fileSystemFigures() };
  },
  'hardlink@openssh.com': async (session, fields) => {
    const from = fields.text();
    const to = fields.text();
    session.note({ path: from, target: to });
    await session.filesystem.hardLink(pathOf(session, from), pathOf(session, to));
    return done();
  },
  'fsync@openssh.com': async (session, fields) => {
    await session.handles.file(fields.bytes()).sync();
    return done();
  },
  'lsetstat@openssh.com': async (session, fields) => {
    const path = notedPath(session, fields.text());
    if (session.lies.all.refuseSetstat) throw new SftpStatus(status.permissionDenied);
    await session.filesystem.setAttributes(path, fields.attributes(), false);
    return done();
  },
  // The same packet, read and write lengths and number of open handles as OpenSSH reports.
  'limits@openssh.com': () => ({
    type: packet.extendedReply,
    fields: [uint64(256 << 10), uint64(maxRead), uint64(maxRead), uint64(1019)],
  }),
  'expand-path@openssh.com': async (session, fields) => {
    const raw = fields.text();
    const path = notedPath(session, raw.replace(/^~(?=\/|$)/, session.rules.home));
    return { type: packet.name, fields: [uint32(1), string(path), string(path), encodeAttributes({})] };
  },
  'copy-data': copyData,
};

/** Performs an extended request. */
export function extendedRequest(
  session: MockSftpSession,
  fields: PacketFields,
): MockReply | Promise<MockReply> {
  const name = fields.text();
  session.note({ name });
  if (!isExtension(name) || !session.extensions.has(name)) throw new SftpStatus(status.unsupported);
  return handlers[name](session, fields);
}

function isExtension(name: string): name is SftpExtension {
  return Object.hasOwn(handlers, name);
}

async function copyData(session: MockSftpSession, fields: PacketFields): Promise<MockReply> {
  const from = session.handles.file(fields.bytes());
  let readAt = fields.uint64();
  const length = fields.uint64();
  const to = session.handles.file(fields.bytes());
  let writeAt = fields.uint64();
  if (from === to) throw new SftpStatus(status.failure);
  let left = length === wholeFile ? Number.POSITIVE_INFINITY : length;
  while (left > 0) {
    const piece = await from.read(readAt, Math.min(left, copyPiece));
    if (piece.length === 0) break;
    await to.write(writeAt, piece);
    readAt += piece.length;
    writeAt += piece.length;
    left -= piece.length;
  }
  return done();
}

/** A disk of 1 TiB, half of it free. */
function fileSystemFigures(): Buffer[] {
  const blocks = 2 ** 40 / 4096;
  return [4096, 4096, blocks, blocks / 2, blocks / 2, 2 ** 20, 2 ** 19, 2 ** 19, 1, 0, 255].map(uint64);
}
