import type { ClientChannel } from 'ssh2';
import { latch } from '../../time/latch.ts';
import { orAborted } from '../../time/on-abort.ts';
import { now, startTimer } from '../../time/timer.ts';
import { windowsFacts } from '../../windows/versions.ts';
import { growWindow } from '../bounds/receive-window.ts';
import type { Link } from '../channels/link.ts';
import { behindFirstRequest, nextChannelId } from '../insides/internals.ts';
import { noReply, sessionEnded } from './errors.ts';
import { assumedLimits, readLimits } from './limits.ts';
import { SftpOperations } from './operations.ts';
import type { OpenSftpOptions } from './requests.ts';
import { SftpSession } from './session.ts';
import { type PacketReader, packetType } from './wire.ts';
import { assumedOrder, type Findings, Writes } from './write-order.ts';

export const defaultRequestTimeout = 60_000;
/** Bytes that may be on their way to us on one session: what fills a long line, within bounds. */
const receiveRate = 160_000;
const receiveWindows = { least: 16 * 1024 * 1024, most: 32 * 1024 * 1024 };
/** A session counts as to spare when others remain for commands. */
const leaveForOthers = 2;

/** Opens an SFTP session; settles by itself whatever the server does, and leaves nothing open when it fails. */
export async function openSftp(
  link: Link,
  options: OpenSftpOptions & { serverVersion?: string | undefined; findings?: Findings } = {},
): Promise<SftpOperations> {
  const { signal, timeout = link.channelTimeout, requestTimeout = defaultRequestTimeout } = options;
  if (options.spare && link.slots.spare <= leaveForOthers) throw noneToSpare(link);
  const { channel, roundTrip } = await openSubsystem(link, signal, timeout);
  const { least, most } = receiveWindows;
  const receiveWindow = Math.min(most, Math.max(least, Math.ceil(receiveRate * roundTrip)));
  growWindow(link.client, channel, receiveWindow);
  const session = new SftpSession(link, channel, requestTimeout, windowsFacts(options.serverVersion));
  try {
    const version = await settleWithin(link, session.handshake(), signal, timeout);
    const { serverVersion, findings } = options;
    return establish(session, version, { serverVersion, findings, roundTrip, receiveWindow });
  } catch (error) {
    void session.close();
    throw error;
  }
}

async function openSubsystem(
  link: Link,
  signal: AbortSignal | undefined,
  timeout: number,
): Promise<{ channel: ClientChannel; roundTrip: number }> {
  let roundTrip = 0;
  const channel = await link.openSession<ClientChannel>({
    signal,
    timeout,
    what: 'an SFTP session',
    start: (client, callback) => {
      const id = nextChannelId(client);
      const askedAt = now();
      client.subsys('sftp', callback);
      // The answer to the open request takes a server no time; what follows starts a process there.
      behindFirstRequest(client, id, () => {
        roundTrip = now() - askedAt;
      });
    },
    discard: (channel) => {
      channel.on('error', () => {});
      channel.once('close', () => link.releaseSession());
      channel.close();
      channel.resume();
      channel.stderr.resume();
    },
  });
  return { channel, roundTrip };
}

interface Established {
  serverVersion: string | undefined;
  findings: Findings | undefined;
  roundTrip: number;
  receiveWindow: number;
}

/**
 * The limits are asked for but not waited for: replies come in order, so they are known when the first file is open,
 * and a server that never tells them is taken at its minimum.
 */
function establish(
  session: SftpSession,
  version: PacketReader,
  { serverVersion, findings, ...line }: Established,
): SftpOperations {
  const number = version.uint32();
  if (number < 3)
    throw session.broken({ operation: 'session', path: undefined }, `version ${number} of SFTP`);
  const extensions = readExtensions(version);
  const limits = assumedLimits(serverVersion);
  const writes = new Writes(assumedOrder(serverVersion, extensions), findings);
  const operations = new SftpOperations(session, { extensions, limits, serverVersion, writes, ...line });
  if (extensions.get('limits@openssh.com') === '1') {
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
  return operations;
}

function readExtensions(version: PacketReader): Map<string, string> {
  const extensions = new Map<string, string>();
  while (version.left > 0) {
    const name = version.bytes().toString('latin1');
    extensions.set(name, version.bytes().toString('latin1'));
  }
  return extensions;
}

function settleWithin<T>(
  link: Link,
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  ms: number,
): Promise<T> {
  const first = latch<T>();
  promise.then(
    (value) => first.resolve(value),
    (error) => first.reject(error),
  );
  const asked = { operation: 'session', path: undefined };
  const stop = startTimer(ms, () => first.reject(noReply(link.where, asked, ms)));
  return orAborted(first.promise, signal).finally(stop);
}

function noneToSpare(link: Link): Error {
  return sessionEnded(link.where, 'no session to spare within MaxSessions');
}
