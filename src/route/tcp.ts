import { Socket } from 'node:net';
import {
  ConnectFailed,
  type ConnectFailedDetails,
  ConnectionRefused,
  HostNotFound,
} from '../errors/index.ts';
import { ownLimits } from '../errors/own-limits.ts';
import { onAbort } from '../time/on-abort.ts';
import type { Route, RouteContext } from './route.ts';

/**
 * If a host has several addresses, Node gives each this many milliseconds before it tries the next, and never goes
 * back. Its own default of 250 would give up on a distant gateway, or on one whose first SYN was lost (TCP resends it
 * after a second).
 */
const autoSelectFamilyAttemptTimeout = 2_500;

/** A TCP connection of our own: DNS lookup and connect in one, with Nagle's algorithm off. */
export const tcp: Route = {
  kind: 'tcp',
  open: (context) => openTcp(context).then(routed),
};

const routed = (stream: Socket) => ({ stream });

/** @throws {ConnectFailed} of the phase `tcp`, or `signal.reason`. */
export function openTcp(context: RouteContext): Promise<Socket> {
  const { host, port } = context;
  const signal = context.stop ?? context.signal;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    // Not all options at once: Node would copy them into an object of a kind of its own, larger than the socket.
    const socket = new Socket();
    const onConnect = () => {
      unfollow();
      socket.setNoDelay(true);
      socket.setKeepAlive(true);
      // The closure would otherwise stay alive as long as the socket.
      socket.removeListener('error', onError);
      resolve(socket);
    };
    const onError = (error: NodeJS.ErrnoException) => giveUp(tcpError(error, context));
    const giveUp = (reason: unknown) => {
      unfollow();
      socket.removeListener('connect', onConnect);
      socket.destroy();
      reject(reason);
    };
    // Stays attached for the socket's life: until the new owner takes over, an error must not be uncaught.
    socket.on('error', ignored);
    socket.on('error', onError);
    socket.once('connect', onConnect);
    const unfollow = onAbort(signal, () => giveUp(signal.reason));
    socket.connect({ host, port, autoSelectFamilyAttemptTimeout });
  });
}

const ignored = (): void => {};

function tcpError(error: NodeJS.ErrnoException, { host, port, hop }: RouteContext): ConnectFailed {
  const errno = error.code ?? firstOf(error)?.code;
  const details = { phase: 'tcp', host, port, hop, errno, retryable: true, cause: error } as const;
  switch (errno) {
    case 'ECONNREFUSED':
      return new ConnectionRefused(`${host}:${port} refused the connection`, {
        ...details,
        hint: 'At a published port of the gateway: no tunnel is up, so the PC is off or its tunnel is down. At port 22: no sshd is running.',
      });
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NODATA':
      return hostNotFound(host, details, errno);
    default:
      return new ConnectFailed(`Could not connect to ${host}:${port}: ${errno ?? error.message}`, {
        ...details,
        hint:
          ownLimits[errno ?? ''] ??
          'The gateway or the network on the way to it is down, or a firewall refuses.',
      });
  }
}

/** A name server that does not answer may do so later; a name that does not exist will not appear. */
function hostNotFound(host: string, details: ConnectFailedDetails, errno: string): HostNotFound {
  const passing = errno === 'EAI_AGAIN';
  return new HostNotFound(`The host name ${host} has no address (${errno})`, {
    ...details,
    retryable: passing,
    hint: passing
      ? 'The name server did not answer; the network may be down.'
      : 'Is the name spelt correctly, and does this machine use the right name server?',
  });
}

/** With several addresses, Node's AggregateError has an empty message; use the error of the first address. */
function firstOf(error: Error): NodeJS.ErrnoException | undefined {
  return error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException) : undefined;
}
