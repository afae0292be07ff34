import { unlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { ServerChannel, Connection as Ssh2Client } from 'ssh2';
import type { ServerConnection } from '../wire/connection.ts';
import { resetSocket } from '../wire/reset.ts';
import { joinChannel } from './join.ts';

/** A port or Unix socket that a client has opened on the server. */
export interface RemoteForward {
  readonly connection: ServerConnection;
  /** The real port; 0 for a Unix socket. */
  readonly port: number;
  /** Stops listening; existing visitors stay, as in sshd. */
  stop(): void;
  /** Stops listening and resets the visitors. */
  close(): void;
}

interface Bind {
  key: string;
  /** As the client named it; the client must be sent the same when a visitor arrives. */
  address: string;
  port: number;
  path: string | undefined;
}

/** Serves `ssh -R`: ports and Unix sockets that clients open on this server. */
export class MockRemoteForwards {
  readonly #open = new Map<string, RemoteForward>();

  /** The forward that listens on a port. */
  find(port: number): RemoteForward | undefined {
    return [...this.#open.values()].find((forward) => forward.port === port);
  }

  closeAll(): void {
    for (const forward of [...this.#open.values()]) forward.close();
  }

  serve(connection: ServerConnection, client: Ssh2Client): void {
    client.on(
      'request' as 'error',
      ((
        accept: ((port?: number) => void) | undefined,
        reject: (() => void) | undefined,
        name: string,
        info: { bindAddr?: string; bindPort?: number; socketPath?: string },
      ) => {
        const bind = bindOf(info);
        const reply = (port: number | undefined) =>
          connection.whileAlive(() => (port === undefined ? reject?.() : accept?.(port)));
        if (name.startsWith('cancel-')) reply(this.#cancel(connection, bind));
        else this.#listen(connection, bind, reply);
      }) as never,
    );
  }

  #cancel(connection: ServerConnection, bind: Bind): number | undefined {
    const forward = this.#open.get(bind.key);
    if (!forward || forward.connection !== connection) return undefined;
    forward.stop();
    return forward.port;
  }

  #listen(connection: ServerConnection, bind: Bind, reply: (port: number | undefined) => void): void {
    const refuse = () => {
      connection.note({ type: 'forward', bind: nameOf(bind), accepted: false });
      reply(undefined);
    };
    const { remote, unixSockets, host } = connection.settings;
    if (bind.path ? !unixSockets : remote !== true) return refuse();
    if (bind.path && unixSockets !== false && unixSockets.bindUnlink) this.#takeOver(bind.path);
    const visitors = new Set<Socket>();
    const server = createServer({ allowHalfOpen: true }, (visitor) =>
      receiveVisitor(connection, bind, visitor, visitors),
    );
    server.once('error', refuse);
    const onListening = () => {
      server.removeListener('error', refuse);
      server.on('error', () => {});
      if (connection.isEnded) return void server.close();
      this.#register(connection, bind, server, visitors);
      connection.note({ type: 'forward', bind: nameOf(bind), accepted: true });
      reply(bind.port);
    };
    try {
      // Like sshd with GatewayPorts=no, whatever address was requested.
      if (bind.path) server.listen(bind.path, onListening);
      else server.listen(bind.port, host, onListening);
    } catch {
      refuse();
    }
  }

  #register(connection: ServerConnection, bind: Bind, server: Server, visitors: Set<Socket>): void {
    const address = server.address();
    if (typeof address === 'object' && address) bind.port = address.port;
    bind.key = keyOf(bind);
    const stop = () => {
      if (this.#open.get(bind.key) !== forward) return;
      this.#open.delete(bind.key);
      server.close(forget);
      connection.note({ type: 'forward-closed', bind: nameOf(bind) });
    };
    const close = () => {
      stop();
      for (const visitor of visitors) resetSocket(visitor);
    };
    const forward: RemoteForward = { connection, port: bind.port, stop, close };
    this.#open.set(bind.key, forward);
    const forget = connection.onEnd(close);
  }

  /** StreamLocalBindUnlink: the path now belongs to the new forward; the old listener receives no more visitors. */
  #takeOver(path: string): void {
    this.#open.get(keyOf({ path, port: 0 }))?.stop();
    try {
      unlinkSync(path);
    } catch {
      // There was nothing.
    }
  }
}

function bindOf(info: { bindAddr?: string; bindPort?: number; socketPath?: string }): Bind {
  const bind = { address: info.bindAddr ?? '', port: info.bindPort ?? 0, path: info.socketPath };
  return { key: keyOf(bind), ...bind };
}

function keyOf({ path, port }: { path: string | undefined; port: number }): string {
  return path ?? `port ${port}`;
}

function nameOf(bind: Bind): string {
  return bind.path ?? `${bind.address}:${bind.port}`;
}

/** Someone has connected to a forwarded port: asks the client to accept the connection. */
function receiveVisitor(
  connection: ServerConnection,
  bind: Bind,
  visitor: Socket,
  visitors: Set<Socket>,
): void {
  visitors.add(visitor);
  visitor.on('error', () => {});
  visitor.once('close', () => visitors.delete(visitor));
  visitor.pause();
  connection.note({ type: 'forward-visitor', bind: nameOf(bind) });
  if (!connection.isAlive) return void visitor.destroy();
  const onOpen = (error: Error | undefined, channel: ServerChannel) => {
    if (error) return void visitor.destroy();
    connection.adopt(channel);
    joinChannel(channel, visitor);
    visitor.resume();
  };
  connection.whileAlive((client) => {
    if (bind.path) client.openssh_forwardOutStreamLocal(bind.path, onOpen);
    else
      client.forwardOut(
        bind.address,
        bind.port,
        visitor.remoteAddress ?? '',
        visitor.remotePort ?? 0,
        onOpen,
      );
  });
}
