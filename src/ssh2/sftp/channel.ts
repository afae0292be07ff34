import type { SshError } from '../../errors/index.ts';
import { orAborted } from '../../time/on-abort.ts';
import { startTimer } from '../../time/timer.ts';
import { windowsFacts } from '../../windows/versions.ts';
import { growWindow } from '../bounds/receive-window.ts';
import type { Link } from '../channels/link.ts';
import { noReply, sessionEnded } from './errors.ts';
import { assumedLimits, readLimits } from './limits.ts';
import { SftpOperations } from './operations.ts';
import type { OpenSftpOptions } from './requests.ts';
import { SftpSession } from './session.ts';
import { openSubsystem } from './subsystem.ts';
import { MalformedPacket, type PacketReader, packetType } from './wire.ts';
import { assumedOrder, type Findings, Writes, writesAnywhere } from './write-order.ts';

export const defaultRequestTimeout = 60_000;
/** Bytes that may be on their way to us on one session: enough to fill a long line, within bounds. */
const receiveRate = 160_000;
const receiveWindows = { least: 16 * 1024 * 1024, most: 32 * 1024 * 1024 };
/** A session may be opened as spare if this many remain for others. */
const leaveForOthers = 2;

/** Opens an SFTP session; settles whatever the server does, and leaves nothing open if it fails. */
export async function openSftp(
  link: Link,
  options: OpenSftpOptions & { serverVersion?: string | undefined; findings?: Findings } = {},
): Promise<SftpOperations> {
  const { signal, timeout = link.channelTimeout, requestTimeout = defaultRequestTimeout } = options;
  const { serverVersion = link.serverVersion, limitsWait } = options;
  if (options.spare && link.spare <= leaveForOthers) throw noneToSpare(link);
  const first = options.spare ? undefined : options.first?.take();
  const opening = first ?? openSubsystem(link, { signal, timeout, serverVersion, limitsWait });
  const { channel, roundTrip, refused, isBegun } = await opening;
  const { least, most } = receiveWindows;
  const receiveWindow = Math.min(most, Math.max(least, Math.ceil(receiveRate * roundTrip)));
  growWindow(link.client, channel, receiveWindow);
  const session = new SftpSession(link, channel, requestTimeout, windowsFacts(serverVersion));
  refused?.(session.fail);
  const limits = assumedLimits(serverVersion);
  const writes = new Writes(assumedOrder(serverVersion), options.findings);
  const line = { roundTrip, receiveWindow };
  const operations = new SftpOperations(session, { limits, serverVersion, writes, ...line });
  operations.greeted = greeted(link, session, operations, { serverVersion, timeout, isBegun });
  try {
    if (options.atOnce && refused) operations.greeted.catch(() => {});
    else await orAborted(operations.greeted, signal);
    return operations;
  } catch (error) {
    void session.close();
    throw error;
  }
}

interface Beginning {
  serverVersion: string | undefined;
  timeout: number;
  /** Whether our part has been sent. */
  isBegun: boolean;
}

/** Starts SFTP. If that fails, the session ends, and with it every request already made on it. */
async function greeted(
  link: Link,
  session: SftpSession,
  operations: SftpOperations,
  { serverVersion, timeout, isBegun }: Beginning,
): Promise<void> {
  const asked = { operation: 'session', path: undefined };
  const stop = startTimer(timeout, () => session.fail(noReply(link.where, asked, timeout)));
  try {
    const version = await session.handshake(isBegun);
    establish(session, version, operations, serverVersion);
  } catch (error) {
    const problem = error instanceof MalformedPacket ? session.broken(asked, error.message) : error;
    session.fail(problem as SshError);
    throw problem;
  } finally {
    stop();
  }
}

/**
 * The limits are requested but not awaited: replies come in order, so they are known when the first file is open, and a
 * server that never sends them is assumed to have the minimum.
 */
function establish(
  session: SftpSession,
  version: PacketReader,
  operations: SftpOperations,
  serverVersion: string | undefined,
): void {
  const number = version.uint32();
  // From version 4 on, attributes are encoded differently and would be misread.
  if (number !== 3)
    throw session.broken({ operation: 'session', path: undefined }, `version ${number} of SFTP instead of 3`);
  operations.useExtensions(readExtensions(version));
  operations.writes.assume(assumedOrder(serverVersion, operations.supports(writesAnywhere)));
  if (!operations.supports('limits@openssh.com')) return;
  session
    .ask({
      operation: 'limits',
      path: undefined,
      type: packetType.extended,
      fields: ['limits@openssh.com'],
      expect: packetType.extendedReply,
      read: (reader) => readLimits(reader, operations.limits, serverVersion),
    })
    .then(
      (limits) => operations.useLimits(limits),
      () => {},
    );
}

function readExtensions(version: PacketReader): Map<string, string> {
  const extensions = new Map<string, string>();
  while (version.left > 0) {
    const name = version.bytes().toString('latin1');
    extensions.set(name, version.bytes().toString('latin1'));
  }
  return extensions;
}

function noneToSpare(link: Link): Error {
  return sessionEnded(link.where, 'no session to spare within MaxSessions');
}
