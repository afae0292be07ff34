import { type Filesystem, status } from './files/filesystem.ts';
import { normalPath, type PathRules } from './files/paths.ts';
import type { Handles } from './handles.ts';
import type { Lies } from './lies.ts';
import { type PacketFields, packet, string, uint32 } from './wire.ts';

/** The most that one READ returns, as in OpenSSH. */
export const maxRead = 261_120;

/** A reply without its request id. */
export interface MockReply {
  type: number;
  fields: Buffer[];
}

/** What the requests of one SFTP session work on. */
export interface MockSftpSession {
  readonly filesystem: Filesystem;
  readonly handles: Handles;
  readonly lies: Lies;
  readonly rules: PathRules;
  /** Their names. */
  readonly extensions: ReadonlySet<string>;
  /** Records the request in the journal. */
  note(detail: { path?: string; target?: string; offset?: number; length?: number; name?: string }): void;
}

export const done = (): MockReply => statusReply(status.ok, 'Success');

export function statusReply(code: number, message: string): MockReply {
  return { type: packet.status, fields: [uint32(code), string(message), string('')] };
}

export async function renameReply(
  session: MockSftpSession,
  fields: PacketFields,
  overwrite: boolean,
): Promise<MockReply> {
  const from = fields.text();
  const to = fields.text();
  session.note({ path: from, target: to });
  await session.filesystem.rename(pathOf(session, from), pathOf(session, to), overwrite);
  return done();
}

export function notedPath(session: MockSftpSession, raw: string): string {
  session.note({ path: raw });
  return pathOf(session, raw);
}

export function pathOf(session: MockSftpSession, raw: string): string {
  return session.lies.withoutLoops(normalPath(raw, session.rules));
}
