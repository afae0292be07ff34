import { type Attributes, modeType, SftpStatus, status } from './filesystem.ts';

interface NodeBase {
  /** Permission bits. */
  mode: number;
  atime: number;
  mtime: number;
  uid: number;
  gid: number;
}

export interface FileNode extends NodeBase {
  type: 'file';
  /** Its capacity doubles as needed; only the first `size` bytes count. */
  data: Buffer;
  size: number;
}

export interface DirectoryNode extends NodeBase {
  type: 'directory';
  /** Keyed by name, or by the lower-case name where case does not matter. */
  entries: Map<string, { name: string; node: MemoryNode }>;
}

interface LinkNode extends NodeBase {
  type: 'symlink';
  target: string;
}

export type MemoryNode = FileNode | DirectoryNode | LinkNode;

const typeBits = { file: modeType.file, directory: modeType.directory, symlink: modeType.link };
const nobody = 1000;
const none = Buffer.alloc(0);

function base(mode: number): NodeBase {
  const now = Math.floor(Date.now() / 1000);
  return { mode: mode & 0o7777, atime: now, mtime: now, uid: nobody, gid: nobody };
}

export function newFile(mode: number): FileNode {
  return { type: 'file', data: none, size: 0, ...base(mode) };
}

export function newDirectory(mode = 0o755): DirectoryNode {
  return { type: 'directory', entries: new Map(), ...base(mode) };
}

export function newLink(target: string): LinkNode {
  return { type: 'symlink', target, ...base(0o777) };
}

export function sizeOf(node: MemoryNode): number {
  if (node.type === 'file') return node.size;
  return node.type === 'symlink' ? Buffer.byteLength(node.target) : 4096;
}

export function attributesOf(node: MemoryNode): Attributes {
  const { uid, gid, atime, mtime } = node;
  return { size: sizeOf(node), uid, gid, mode: typeBits[node.type] | node.mode, atime, mtime };
}

export function changeAttributes(node: MemoryNode, { size, mode, atime, mtime, uid, gid }: Attributes): void {
  if (size !== undefined) {
    if (node.type !== 'file') throw new SftpStatus(status.failure);
    resize(node, size);
  }
  if (mode !== undefined) node.mode = mode & 0o7777;
  if (atime !== undefined) node.atime = atime;
  if (mtime !== undefined) node.mtime = mtime;
  if (uid !== undefined) node.uid = uid;
  if (gid !== undefined) node.gid = gid;
}

export function resize(file: FileNode, size: number): void {
  if (size > file.data.length) {
    const grown = Buffer.alloc(
      Math.max(size, Math.min(file.data.length * 2, file.data.length + (64 << 20)), 64),
    );
    file.data.copy(grown, 0, 0, file.size);
    file.data = grown;
  } else if (size > file.size) {
    file.data.fill(0, file.size, size);
  }
  file.size = size;
  file.mtime = Math.floor(Date.now() / 1000);
}

export function writeInto(file: FileNode, offset: number, data: Buffer): void {
  if (offset + data.length > file.size) resize(file, offset + data.length);
  data.copy(file.data, offset);
  file.mtime = Math.floor(Date.now() / 1000);
}

export function readFrom(file: FileNode, offset: number, length: number): Buffer {
  // A copy: the file may change before the bytes are sent.
  return Buffer.from(file.data.subarray(Math.min(offset, file.size), Math.min(offset + length, file.size)));
}
