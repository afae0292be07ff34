import type { RawPath, SftpHandle } from './requests.ts';
import type { Question, SftpSession } from './session.ts';
import { type Field, packetType } from './wire.ts';

/** The handles that a session has open. If a server issued one twice, two files would be mistaken for each other. */
export class OpenHandles {
  readonly #open = new Set<string | number>();

  /** What opens something; its answer is a handle under which nothing else is open. */
  question(
    session: SftpSession,
    asked: { operation: string; path: RawPath; type: number; fields: readonly Field[] },
  ): Question<SftpHandle> {
    const { operation, type, fields } = asked;
    const question: Question<SftpHandle> = {
      operation,
      path: asked.path.toString(),
      type,
      fields,
      expect: packetType.handle,
      read: (reader) => {
        const handle = Buffer.from(reader.bytes());
        if (handle.length > 256) throw session.broken(question, `a handle of ${handle.length} bytes`);
        if (!this.#take(handle)) throw session.broken(question, 'a handle by which something else is open');
        return handle;
      },
    };
    return question;
  }

  #take(handle: SftpHandle): boolean {
    const key = keyOf(handle);
    if (this.#open.has(key)) return false;
    this.#open.add(key);
    return true;
  }

  /** Once its close has been sent, a server may issue it again for the next file. */
  forget(handle: SftpHandle): void {
    this.#open.delete(keyOf(handle));
  }
}

/** OpenSSH's handles are numbers of four bytes. */
function keyOf(handle: SftpHandle): string | number {
  return handle.length === 4 ? handle.readUInt32BE(0) : handle.toString('latin1');
}
