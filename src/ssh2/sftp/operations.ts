import type { SshError } from '../../errors/index.ts';
import type { WindowsFacts } from '../../windows/versions.ts';
import type { SftpLimits } from './limits.ts';
import { OpenHandles } from './open-handles.ts';
import type { Reply } from './pending.ts';
import type {
  ExtendedRequest,
  RawPath,
  ReadDone,
  SftpHandle,
  SftpRequests,
  SmallFileRequests,
  WriteData,
  WriteDone,
} from './requests.ts';
import type { Question, SftpSession } from './session.ts';
import { SmallFiles } from './small-files.ts';
import { takesLinkPathFirst } from './symlink-order.ts';
import {
  type Field,
  type PacketReader,
  packetType,
  type SftpAttributes,
  type SftpName,
  statusCode,
} from './wire.ts';
import type { Writes } from './write-order.ts';
import { writePacket } from './write-packet.ts';

const aRead = { operation: 'read', path: undefined };
const aWrite = { operation: 'write', path: undefined };
const nothing = () => undefined;

/** The requests of SFTP version 3, and of OpenSSH's extensions, on one session. */
export class SftpOperations implements SftpRequests {
  #session: SftpSession;
  #extensions: ReadonlyMap<string, string> = new Map();
  #limits: SftpLimits;
  readonly #takesLinkPathFirst: boolean;
  readonly #handles = new OpenHandles();

  readonly small: SmallFileRequests;
  readonly roundTrip: number;
  readonly receiveWindow: number;
  readonly writes: Writes;
  greeted: Promise<void> = Promise.resolve();

  constructor(
    session: SftpSession,
    server: {
      limits: SftpLimits;
      roundTrip: number;
      receiveWindow: number;
      serverVersion: string | undefined;
      writes: Writes;
    },
  ) {
    this.#session = session;
    this.small = new SmallFiles(session, this.#handles);
    this.#limits = server.limits;
    this.#takesLinkPathFirst = takesLinkPathFirst(server.serverVersion);
    this.writes = server.writes;
    this.roundTrip = server.roundTrip;
    this.receiveWindow = server.receiveWindow;
  }

  get limits(): SftpLimits {
    return this.#limits;
  }

  get windows(): WindowsFacts | undefined {
    return this.#session.windows;
  }

  get maxRead(): number {
    return this.#limits.maxRead;
  }

  get maxWrite(): number {
    return this.#limits.maxWrite;
  }

  get maxHandles(): number {
    return this.#limits.maxHandles;
  }

  get ended(): SshError | undefined {
    return this.#session.ended;
  }

  useExtensions(extensions: ReadonlyMap<string, string>): void {
    this.#extensions = extensions;
  }

  useLimits(limits: SftpLimits): void {
    this.#limits = limits;
  }

  supports(extension: string, version = '1'): boolean {
    return this.#extensions.get(extension) === version;
  }

  onEnded(listener: (error: SshError) => void): () => void {
    return this.#session.onEnded(listener);
  }

  open(path: string, flags: number, attributes: SftpAttributes = {}): Promise<SftpHandle> {
    return this.#handle('open', path, packetType.open, [path, flags, attributes]);
  }

  closeHandle(handle: SftpHandle): Promise<void> {
    this.#handles.forget(handle);
    return this.#do('close', undefined, packetType.close, [handle]);
  }

  read(handle: SftpHandle, position: number, length: number, done: ReadDone): void {
    const fields = [handle, BigInt(position), length];
    this.#session.request({ ...aRead, type: packetType.read, fields }, (error, reply) => {
      if (error || !reply) return done(error, undefined, 0);
      if (reply.type !== packetType.data) {
        const atEnd = reply.type === packetType.status && statusOf(reply) === statusCode.eof;
        return done(atEnd ? undefined : this.#session.unexpected(aRead, reply), undefined, 0);
      }
      const { pieces } = reply;
      const head = pieces[0] as Buffer;
      const size = head.readUInt32BE(5);
      if (size !== reply.length - 9 || size > length) {
        return done(
          this.#session.broken(aRead, `${reply.length - 9} bytes where ${length} were asked for`),
          undefined,
          0,
        );
      }
      pieces[0] = head.subarray(9);
      done(undefined, pieces, size);
    });
  }

  badEnd(position: number): SshError {
    return this.#session.broken(aRead, `an end of file at byte ${position}, and bytes from behind it`);
  }

  write(handle: SftpHandle, position: number, data: WriteData, done: WriteDone): void {
    const id = this.#session.register(aWrite, (error, reply) => {
      if (error || !reply) return done(error);
      const written = reply.type === packetType.status && statusOf(reply) === statusCode.ok;
      done(written ? undefined : this.#session.unexpected(aWrite, reply));
    });
    if (id === undefined) return;
    this.#session.send(writePacket(id, handle, position, data));
  }

  fstat(handle: SftpHandle): Promise<SftpAttributes> {
    return this.#attributes('fstat', undefined, packetType.fstat, handle);
  }

  stat(path: string): Promise<SftpAttributes> {
    return this.#attributes('stat', path, packetType.stat, path);
  }

  lstat(path: RawPath): Promise<SftpAttributes> {
    return this.#attributes('lstat', path, packetType.lstat, path);
  }

  fsetstat(handle: SftpHandle, attributes: SftpAttributes): Promise<void> {
    return this.#do('fsetstat', undefined, packetType.fsetstat, [handle, attributes]);
  }

  setstat(path: string, attributes: SftpAttributes): Promise<void> {
    return this.#do('setstat', path, packetType.setstat, [path, attributes]);
  }

  opendir(path: RawPath): Promise<SftpHandle> {
    return this.#handle('opendir', path, packetType.opendir, [path]);
  }

  async readdir(handle: SftpHandle): Promise<SftpName[] | undefined> {
    try {
      return await this.#names('readdir', undefined, packetType.readdir, [handle]);
    } catch (error) {
      if ((error as { status?: number }).status === statusCode.eof) return undefined;
      throw error;
    }
  }

  remove(path: RawPath): Promise<void> {
    return this.#do('remove', path, packetType.remove, [path]);
  }

  mkdir(path: string, attributes: SftpAttributes = {}): Promise<void> {
    return this.#do('mkdir', path, packetType.mkdir, [path, attributes]);
  }

  rmdir(path: RawPath): Promise<void> {
    return this.#do('rmdir', path, packetType.rmdir, [path]);
  }

  async realPath(path: string): Promise<string> {
    return this.#single('realPath', path, packetType.realpath);
  }

  async readLink(path: RawPath): Promise<string> {
    return this.#single('readLink', path, packetType.readlink);
  }

  rename(from: string, to: string): Promise<void> {
    return this.#do('rename', from, packetType.rename, [from, to]);
  }

  symlink(target: string, path: string): Promise<void> {
    const fields = this.#takesLinkPathFirst ? [path, target] : [target, path];
    return this.#do('symlink', path, packetType.symlink, fields);
  }

  async extended<T>({ operation, path, extension, fields, read }: ExtendedRequest<T>): Promise<T> {
    const asked = { operation, path };
    if (!this.supports(extension)) throw this.#session.notOffered(asked, extension);
    const question = { ...asked, type: packetType.extended, fields: [extension, ...fields] };
    if (read) return this.#ask({ ...question, expect: packetType.extendedReply, read });
    return this.#ask({ ...question, expect: packetType.status, read: () => undefined as T });
  }

  get busy(): boolean {
    return this.#session.busy;
  }

  set requestTimeout(ms: number) {
    this.#session.requestTimeout = ms;
  }

  cleanUp(): void {
    this.#session.cleanUp();
  }

  /** What `release` does; by default the session is closed. */
  onRelease: () => void = () => void this.close();

  release(): void {
    this.onRelease();
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  #ask<T>(question: Question<T>): Promise<T> {
    return this.#session.ask(question);
  }

  #do(operation: string, path: RawPath | undefined, type: number, fields: readonly Field[]): Promise<void> {
    const expect = packetType.status;
    return this.#ask<void>({ operation, path: path?.toString(), type, fields, expect, read: nothing });
  }

  #handle(operation: string, path: RawPath, type: number, fields: readonly Field[]): Promise<SftpHandle> {
    return this.#ask(this.#handles.question(this.#session, { operation, path, type, fields }));
  }

  #attributes(
    operation: string,
    path: RawPath | undefined,
    type: number,
    subject: Field,
  ): Promise<SftpAttributes> {
    const read = (reader: PacketReader) => reader.attributes();
    return this.#ask({
      operation,
      path: path?.toString(),
      type,
      fields: [subject],
      expect: packetType.attrs,
      read,
    });
  }

  #names(
    operation: string,
    path: string | undefined,
    type: number,
    fields: readonly Field[],
  ): Promise<SftpName[]> {
    const read = (reader: PacketReader) => reader.names();
    return this.#ask({ operation, path, type, fields, expect: packetType.name, read });
  }

  async #single(operation: string, path: RawPath, type: number): Promise<string> {
    const shown = path.toString();
    const [only] = await this.#names(operation, shown, type, [path]);
    if (only) return only.name;
    throw this.#session.broken({ operation, path: shown }, 'no name');
  }
}

/** The session ensures that the first piece is long enough. */
function statusOf(reply: Reply): number {
  return (reply.pieces[0] as Buffer).readUInt32BE(5);
}
