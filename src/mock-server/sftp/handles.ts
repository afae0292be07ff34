import { type DirectoryEntry, type FileHandle, SftpStatus, status } from './files/filesystem.ts';

/** A listing in progress. */
interface OpenFolder {
  entries: DirectoryEntry[];
  next: number;
}

/** What a client has open, by the handles that it was given. */
export class Handles {
  readonly #files = new Map<string, FileHandle>();
  readonly #listings = new Map<string, OpenFolder>();
  #last = 0;

  addFile(file: FileHandle): Buffer {
    const handle = this.#next();
    this.#files.set(handle.toString('hex'), file);
    return handle;
  }

  addListing(entries: DirectoryEntry[]): Buffer {
    const handle = this.#next();
    this.#listings.set(handle.toString('hex'), { entries, next: 0 });
    return handle;
  }

  file(handle: Buffer): FileHandle {
    return this.#files.get(handle.toString('hex')) ?? invalid();
  }

  listing(handle: Buffer): OpenFolder {
    return this.#listings.get(handle.toString('hex')) ?? invalid();
  }

  /** Forgets a handle; if it was a file, the caller must close it. */
  remove(handle: Buffer): FileHandle | undefined {
    const key = handle.toString('hex');
    const file = this.#files.get(key);
    if (!file && !this.#listings.has(key)) return invalid();
    this.#files.delete(key);
    this.#listings.delete(key);
    return file;
  }

  /** Closes everything that a client has left open. */
  closeAll(): void {
    for (const file of this.#files.values()) void (async () => file.close())().catch(() => {});
    this.#files.clear();
    this.#listings.clear();
  }

  #next(): Buffer {
    const handle = Buffer.alloc(4);
    handle.writeUInt32BE(this.#last++);
    return handle;
  }
}

function invalid(): never {
  throw new SftpStatus(status.failure, 'invalid handle');
}
