import { connect, type Socket } from 'node:net';
import { type Checks, checkOptions } from '../check/options.ts';
import { limit } from '../check/values.ts';
import { type DirectTarget, remoteForwards, type Visitor } from '../ssh2/channels/forwards.ts';
import type { Link } from '../ssh2/channels/link.ts';
import { startTimer } from '../time/timer.ts';
import { ActiveForwarding, Connections } from './active-forwarding.ts';
import { commonChecks, listenAddressOf, listenChecks, targetChecks, targetOf } from './check.ts';
import { remoteForwardFailed } from './failure.ts';
import type { Forwarding, RemoteForwardOptions } from './types.ts';

/**
 * The most that a server may have one forward do at once; further visitors are rejected. Targets answer within
 * milliseconds, or are overloaded in any case.
 */
const most = { dialling: 512, connections: 1_000 };

const checks: Checks<RemoteForwardOptions> = {
  ...targetChecks,
  ...listenChecks,
  ...commonChecks,
  connectTimeout: limit(),
};

/** @throws {PortForwardFailed} if the server refuses to listen; its `hint` says why, as far as the server does. */
export async function forwardRemote(link: Link, options: RemoteForwardOptions): Promise<Forwarding> {
  checkOptions(options, checks);
  const target = targetOf('options', options);
  const address = listenAddressOf(options, { host: 'localhost' });
  const { signal, connectTimeout = 30_000, onConnectionError } = options;
  const connections = new Connections(onConnectionError);
  const dialling = new Set<Socket>();
  const onVisitor = (visitor: Visitor) => {
    const isFull = dialling.size >= most.dialling || connections.size >= most.connections;
    if (isFull) visitor.reject(true);
    else bringIn(visitor, connections, dialling, dial(target), connectTimeout);
  };
  const forwards = remoteForwards(link);
  const answer =
    address.path === undefined
      ? await forwards.listen(address.host, address.port, onVisitor, { signal })
      : await forwards.listenPath(address.path, onVisitor, { signal });
  if (answer.kind === 'refused') {
    throw remoteForwardFailed(link.where, address, answer.serverSaid, answer.cause);
  }
  const real = address.path === undefined ? { ...address, port: answer.port } : address;
  return new ActiveForwarding(real, connections, link.lost, answer.cancel);
}

/** Connects to the target first: if the target refuses, so is the visitor, as if nothing listened. */
function bringIn(
  visitor: Visitor,
  connections: Connections,
  dialling: Set<Socket>,
  socket: Socket,
  timeout: number,
): void {
  connections.add(socket);
  dialling.add(socket);
  const stopTimer = startTimer(timeout, () => {
    socket.destroy(new Error(`The target did not answer within ${timeout} ms (option connectTimeout)`));
  });
  const onCloseEarly = () => {
    stopTimer();
    dialling.delete(socket);
    visitor.reject();
  };
  socket.once('close', onCloseEarly);
  socket.once('connect', () => {
    stopTimer();
    dialling.delete(socket);
    socket.removeListener('close', onCloseEarly);
    admit(visitor, socket, connections);
  });
}

function admit(visitor: Visitor, socket: Socket, connections: Connections): void {
  try {
    connections.join(socket, visitor.accept());
  } catch {
    // The link was lost while the connection to the target was being made.
    socket.destroy();
  }
}

function dial(target: DirectTarget): Socket {
  return 'socketPath' in target
    ? connect({ path: target.socketPath, allowHalfOpen: true })
    : connect({ host: target.host, port: target.port, allowHalfOpen: true, noDelay: true });
}
