import type { SftpFaults, SftpOp } from '../faults/fault-types.ts';
import {
  type Attributes,
  type DirectoryEntry,
  type FileHandle,
  modeType,
  SftpStatus,
  status,
} from './files/filesystem.ts';

const liedContent = Buffer.from('lie\n');
const hugeName = 'n'.repeat(64 << 10);
const loopName = 'loop';
const endlessBatch = 100;

/** The faults of an SFTP server, decided request by request. */
export class Lies {
  readonly #faults: SftpFaults;
  readonly #counts = new Map<SftpOp, number>();
  #endless = 0;
  readonly #ends = new Map<string, number>();

  constructor(faults: SftpFaults | undefined) {
    this.#faults = faults ?? {};
  }

  get all(): SftpFaults {
    return this.#faults;
  }

  /** Whether this request is never answered; throws if it is to fail. */
  isLost(op: SftpOp): boolean {
    const count = (this.#counts.get(op) ?? 0) + 1;
    this.#counts.set(op, count);
    const { failOp, hangOp, refuseSetstat } = this.#faults;
    const isMeant = (fault: { op: SftpOp; nth?: number } | undefined) =>
      fault?.op === op && (fault.nth === undefined || fault.nth === count);
    if (refuseSetstat && (op === 'SETSTAT' || op === 'FSETSTAT'))
      throw new SftpStatus(status.permissionDenied);
    if (failOp && isMeant(failOp)) throw new SftpStatus(failOp.status ?? status.failure, failOp.message);
    return isMeant(hangOp);
  }

  /** Throws if a write of `length` bytes at `offset` does not follow the previous one on its handle. */
  takeInOrder(handle: Buffer, offset: number, length: number): void {
    const key = handle.toString('hex');
    this.checkUnspoilt(handle);
    if (!this.#faults.writesInOrder) return;
    if (offset === (this.#ends.get(key) ?? 0)) return void this.#ends.set(key, offset + length);
    if (this.#faults.writesInOrder === 'spoil') this.#ends.set(key, Number.NaN);
    throw new SftpStatus(status.failure, 'Illegal seek');
  }

  /** A handle on which the order was broken accepts nothing more. */
  checkUnspoilt(handle: Buffer): void {
    if (Number.isNaN(this.#ends.get(handle.toString('hex')))) throw new SftpStatus(status.failure);
  }

  /** The attributes to report in place of the true ones. */
  attributes(attributes: Attributes): Attributes {
    const { lieSize, statWithoutSize } = this.#faults;
    const isFile = (attributes.mode ?? 0) >> 12 === modeType.file >> 12;
    if (statWithoutSize) {
      const { size: _size, ...rest } = attributes;
      return rest;
    }
    if (lieSize === undefined || !isFile) return attributes;
    return { ...attributes, size: typeof lieSize === 'number' ? lieSize : lieSize(attributes.size ?? 0) };
  }

  /** Additional names to list. */
  moreNames(): DirectoryEntry[] {
    const names: (string | Buffer)[] = [...(this.#faults.lieNames ?? [])];
    if (this.#faults.hugeName) names.push(hugeName);
    const entries: DirectoryEntry[] = names.map((name) => ({ name, attributes: liedFile() }));
    if (this.#faults.symlinkLoop)
      entries.push({ name: loopName, attributes: { size: 1, mode: modeType.link | 0o777 } });
    return entries;
  }

  /** The next names of a listing that never ends. */
  endlessNames(): DirectoryEntry[] | undefined {
    if (!this.#faults.endlessReaddir) return undefined;
    return Array.from({ length: endlessBatch }, () => ({
      name: `endless-${this.#endless++}`,
      attributes: liedFile(),
    }));
  }

  /** A link to its own folder: removing it from a path changes nothing. */
  withoutLoops(path: string): string {
    return this.#faults.symlinkLoop
      ? path.replaceAll(new RegExp(`/${loopName}(?=/|$)`, 'g'), '') || '/'
      : path;
  }

  isLoop(path: string): boolean {
    return this.#faults.symlinkLoop === true && path.endsWith(`/${loopName}`);
  }

  /** Whether a path ends in a made-up name. */
  isMadeUp(path: string): boolean {
    const names = this.#faults.lieNames ?? [];
    return names.some((name) => {
      const text = name.toString();
      return path === text || path.endsWith(`/${text}`);
    });
  }
}

export function liedFile(): Attributes {
  return { size: liedContent.length, mode: modeType.file | 0o644, atime: 0, mtime: 0 };
}

/** A made-up name can be read, so that a client that believes in it gets as far as writing it somewhere. */
export function liedHandle(): FileHandle {
  return {
    read: (offset, length) => liedContent.subarray(offset, offset + length),
    write: () => {},
    stat: liedFile,
    setAttributes: () => {},
    sync: () => {},
    close: () => {},
  };
}
