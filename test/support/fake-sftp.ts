import { SftpFailed } from '../../src/errors/index.ts';
import type { ReadDone, SftpHandle, SftpRequests } from '../../src/ssh2/sftp/requests.ts';

/** A session that answers what `members` say; whatever else is asked of it is an error of the test. */
export function fakeSftp(members: Partial<SftpRequests>): SftpRequests {
  return new Proxy(members as SftpRequests, {
    get(target, name) {
      if (name in target || name === 'ended' || name === 'windows' || name === 'then')
        return Reflect.get(target, name);
      throw new Error(`the test gives no ${String(name)}`);
    },
  });
}

export const fakeHandle = 'handle' as unknown as SftpHandle;

/** A refusal of the server. */
export function refused(status: number, operation = 'open'): SftpFailed {
  const where = { host: 'pc', port: 22, hop: 'pc' };
  return new SftpFailed(`${operation} refused`, {
    ...where,
    phase: 'transfer',
    operation,
    path: '/x',
    status,
  });
}

/** Answers reads from `content`, in a later turn, and notes what they ask for. */
export function readsOf(content: Buffer) {
  const asked: Array<[position: number, length: number]> = [];
  const read = (_handle: SftpHandle, position: number, length: number, done: ReadDone) => {
    asked.push([position, length]);
    const piece = content.subarray(position, position + length);
    setImmediate(() => done(undefined, piece.length > 0 ? [piece] : undefined, piece.length));
  };
  return { asked, read };
}
