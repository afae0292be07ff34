import { ChannelTimeout, SftpFailed } from '../../errors/index.ts';
import { printable, quoted } from '../../text/printable.ts';
import type { WindowsFacts } from '../../windows/versions.ts';
import type { Where } from '../channels/link.ts';
import { hintFor } from './hints.ts';
import { MalformedPacket, PacketReader, statusCode } from './wire.ts';

const words: Record<number, string> = {
  [statusCode.eof]: 'end of file',
  [statusCode.noSuchFile]: 'no such file',
  [statusCode.permissionDenied]: 'permission denied',
  [statusCode.failure]: 'failure',
  5: 'bad message',
  6: 'no connection',
  7: 'connection lost',
  [statusCode.unsupported]: 'operation unsupported',
};

export interface Asked {
  operation: string;
  path: string | undefined;
}

/** The server's refusal, from the body of a STATUS packet. */
export function refusal(
  where: Where,
  asked: Asked,
  body: Buffer,
  windows: WindowsFacts | undefined,
): SftpFailed {
  const reader = new PacketReader(body, 5);
  const status = reader.uint32();
  const text = statusText(reader);
  const meaning = words[status] ?? `status ${status}`;
  const said = text && text.toLowerCase() !== meaning ? ` (${quoted(text)})` : '';
  return new SftpFailed(`${subject(where, asked)} failed: ${meaning}${said}`, {
    ...where,
    ...asked,
    phase: 'transfer',
    status,
    reason: text === undefined ? meaning : printable(text),
    // What the server adds to a failure says more than a guess.
    hint: said === '' || status !== statusCode.failure ? hintFor(status, asked.path, windows) : undefined,
  });
}

/** The reply does not match the request, or is not SFTP at all. */
export function brokenReply(where: Where, asked: Asked, what: string): SftpFailed {
  return new SftpFailed(`${subject(where, asked)} failed: the server sent ${printable(what)}`, {
    ...where,
    ...asked,
    phase: 'transfer',
    reason: printable(what),
  });
}

/** The server has not announced the extension, so it is not asked. */
export function notOffered(where: Where, asked: Asked, extension: string): SftpFailed {
  const status = statusCode.unsupported;
  const reason = `the server does not offer ${extension}`;
  return new SftpFailed(`${subject(where, asked)} failed: ${reason}`, {
    ...where,
    ...asked,
    phase: 'transfer',
    status,
    reason,
    hint: hintFor(status, undefined, undefined),
  });
}

export function noReply(where: Where, asked: Asked, timeoutMs: number): ChannelTimeout {
  return new ChannelTimeout(`${subject(where, asked)} was not answered within ${timeoutMs} ms`, {
    ...where,
    phase: 'transfer',
    timeoutMs,
    retryable: true,
  });
}

export function sessionEnded(where: Where, why: string, retryable = true): SftpFailed {
  return new SftpFailed(`The SFTP session with ${where.host}:${where.port} is over: ${why}`, {
    ...where,
    operation: 'session',
    phase: 'transfer',
    reason: why,
    retryable,
  });
}

/** Text arrived where SFTP should have begun or continued. */
export function spoke(where: Where, when: string, text: string): SftpFailed {
  const reason = `the server sent text ${when}: ${quoted(text)}`;
  return new SftpFailed(`The SFTP session with ${where.host}:${where.port} is over: ${reason}`, {
    ...where,
    operation: 'session',
    phase: 'transfer',
    reason,
    hint: 'A start-up file of the shell (.bashrc, .profile, .cshrc, config.fish) or a script around the SFTP server prints something in every session. Let it print only in interactive ones: in .bashrc, return early if $- has no i; Subsystem sftp internal-sftp uses no shell.',
    retryable: false,
  });
}

function subject(where: Where, { operation, path }: Asked): string {
  return `SFTP ${operation}${path === undefined ? '' : ` of ${quoted(path)}`} on ${where.host}:${where.port}`;
}

/** Some servers leave the text out, contrary to the protocol. */
function statusText(reader: PacketReader): string | undefined {
  try {
    return reader.left > 0 ? reader.bytes().toString('utf8') || undefined : undefined;
  } catch (error) {
    if (error instanceof MalformedPacket) return undefined;
    throw error;
  }
}
