import { posixRenameName } from './extensions.ts';
import type { OpenHandles } from './open-handles.ts';
import type { Answered, SftpHandle, SmallFileRequests } from './requests.ts';
import type { SftpSession } from './session.ts';
import { type Field, packetType, type SftpAttributes } from './wire.ts';

const nothing = () => undefined;

export class SmallFiles implements SmallFileRequests {
  readonly #session: SftpSession;
  readonly #handles: OpenHandles;

  constructor(session: SftpSession, handles: OpenHandles) {
    this.#session = session;
    this.#handles = handles;
  }

  open(path: string, flags: number, attributes: SftpAttributes, done: Answered<SftpHandle>): void {
    const asked = { operation: 'open', path, type: packetType.open, fields: [path, flags, attributes] };
    this.#session.askThen(this.#handles.question(this.#session, asked), done);
  }

  fstat(handle: SftpHandle, done: Answered<SftpAttributes>): void {
    this.#session.askThen(
      {
        operation: 'fstat',
        path: undefined,
        type: packetType.fstat,
        fields: [handle],
        expect: packetType.attrs,
        read: (reader) => reader.attributes(),
      },
      done,
    );
  }

  close(handle: SftpHandle, done: Answered<void>): void {
    this.#handles.forget(handle);
    this.#do('close', undefined, packetType.close, [handle], done);
  }

  posixRename(from: string, to: string, done: Answered<void>): void {
    this.#do('rename', from, packetType.extended, [posixRenameName, from, to], done);
  }

  #do(
    operation: string,
    path: string | undefined,
    type: number,
    fields: readonly Field[],
    done: Answered<void>,
  ): void {
    const expect = packetType.status;
    this.#session.askThen<void>({ operation, path, type, fields, expect, read: nothing }, done);
  }
}
