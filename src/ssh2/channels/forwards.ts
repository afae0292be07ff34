import type { Duplex } from 'node:stream';
import type { Client, TcpConnectionDetails, UNIXConnectionDetails } from 'ssh2';
import { onServerDebug } from '../insides/internals.ts';
import { refuseWithReason } from '../insides/messages/inbound.ts';
import { tame } from '../insides/tame.ts';
import type { Link, OpenOptions } from './link.ts';
import { type RawChannel, wrapStream } from './stream-channel.ts';

/** What the server connects to for us: a TCP port as it sees it, or a Unix socket on it. */
export type DirectTarget = { host: string; port: number } | { socketPath: string };

/** Someone who has connected to a listener on the server. Call one of the two methods, once; later calls do nothing. */
export interface Visitor {
  /** Where the visitor comes from, according to the server; undefined for Unix sockets. */
  readonly from: { host: string; port: number } | undefined;
  accept(): Duplex;
  /** `isFull`: too many visitors are connected already, rather than the target having refused. */
  reject(isFull?: boolean): void;
}

/** The server's answer to a request for a listener. OpenSSH gives the reason of a refusal only in a debug message. */
type ListenAnswer =
  | { kind: 'listening'; port: number; cancel(): Promise<void> }
  | { kind: 'refused'; serverSaid: string | undefined; cause: Error };

/** RFC 4254 section 5.1. */
const resourceShortage = 4;

type OnVisitor = (visitor: Visitor) => void;
type Callback<T> = (error: Error | undefined, result: T) => void;

/** Opens a stream to `target` from the server (direct-tcpip, direct-streamlocal@openssh.com). */
export function openDirect(
  link: Link,
  target: DirectTarget,
  options: OpenOptions & { from?: { host: string; port: number } | undefined } = {},
): Promise<Duplex> {
  const { from = { host: '127.0.0.1', port: 0 }, ...rest } = options;
  const wrap = (callback: Callback<Duplex>) => (error: Error | undefined, raw: unknown) =>
    error
      ? callback(error, undefined as unknown as Duplex)
      : callback(undefined, wrapStream(raw as RawChannel, link.lost));
  return link.open<Duplex>({
    ...rest,
    what:
      'socketPath' in target
        ? `a connection to the Unix socket ${target.socketPath}`
        : `a connection to ${target.host}:${target.port}`,
    start: (client, callback) =>
      'socketPath' in target
        ? client.openssh_forwardOutStreamLocal(target.socketPath, wrap(callback))
        : client.forwardOut(from.host, from.port, target.host, target.port, wrap(callback)),
    discard: (stream) => stream.destroy(),
  });
}

const ofLink = new WeakMap<Link, RemoteForwards>();

/** The one dispatcher of a connection for the channels that its listeners on the server open. */
export function remoteForwards(link: Link): RemoteForwards {
  let forwards = ofLink.get(link);
  if (!forwards) {
    forwards = new RemoteForwards(link);
    ofLink.set(link, forwards);
  }
  return forwards;
}

/** Listeners on the server (tcpip-forward, streamlocal-forward@openssh.com). */
class RemoteForwards {
  #link: Link;
  #visitors = new Map<string, OnVisitor>();
  #serverSaid: string | undefined;

  constructor(link: Link) {
    this.#link = link;
    // Without a handler, ssh2 would leave an unexpected visitor waiting forever; unknown ones are rejected.
    link.client.on('tcp connection', (details: TcpConnectionDetails, accept, reject) => {
      const from = { host: details.srcIP, port: details.srcPort };
      this.#dispatch(tcpKey(details.destIP, details.destPort), from, accept, reject);
    });
    link.client.on('unix connection', (details: UNIXConnectionDetails, accept, reject) =>
      this.#dispatch(unixKey(details.socketPath), undefined, accept, reject),
    );
    onServerDebug(link.client, (message) => {
      this.#serverSaid = message;
    });
  }

  /** Port 0 lets the server choose. The visitors' handler is in place before the first one can arrive. */
  listen(
    address: string,
    port: number,
    onVisitor: OnVisitor,
    options: OpenOptions = {},
  ): Promise<ListenAnswer> {
    return this.#listen(options, onVisitor, {
      what: `a listener on ${address || '*'}:${port}`,
      start: (client, done) => client.forwardIn(address, port, done),
      key: (realPort) => tcpKey(address, realPort),
      stop: (client, realPort, done) => client.unforwardIn(address, realPort, done),
      port,
    });
  }

  listenPath(path: string, onVisitor: OnVisitor, options: OpenOptions = {}): Promise<ListenAnswer> {
    return this.#listen(options, onVisitor, {
      what: `a listener on the Unix socket ${path}`,
      start: (client, done) =>
        client.openssh_forwardInStreamLocal(path, (error) => done(error ?? undefined, 0)),
      key: () => unixKey(path),
      stop: (client, _port, done) => client.openssh_unforwardInStreamLocal(path, done),
      port: 0,
    });
  }

  #listen(options: OpenOptions, onVisitor: OnVisitor, kind: ListenerKind): Promise<ListenAnswer> {
    return this.#link.open<ListenAnswer>({
      ...options,
      what: kind.what,
      start: (client, callback) => {
        this.#serverSaid = undefined;
        kind.start(client, (error, realPort) => {
          const answer = error
            ? this.#refusal(error)
            : this.#listening(kind, realPort || kind.port, onVisitor);
          callback(answer ? undefined : error, answer as ListenAnswer);
        });
      },
      discard: (answer) => {
        if (answer.kind === 'listening') void answer.cancel();
      },
    });
  }

  #listening(kind: ListenerKind, port: number, onVisitor: OnVisitor): ListenAnswer {
    const key = kind.key(port);
    this.#visitors.set(key, onVisitor);
    const cancel = async () => {
      if (!this.#visitors.delete(key)) return;
      const what = `the end of ${kind.what}`;
      const start = (client: Client, callback: Callback<void>) =>
        kind.stop(client, port, (error) => callback(error ?? undefined, undefined));
      // A server that cannot cancel (dropbear with port 0) keeps listening; its visitors are rejected here.
      await this.#link.open<void>({ what, start, discard: () => {} }).catch(() => {});
    };
    return { kind: 'listening', port, cancel };
  }

  #refusal(error: Error): ListenAnswer | undefined {
    // The only text with which ssh2 reports a refusal; other errors mean that the connection has ended.
    if (!error.message.startsWith('Unable to bind')) return undefined;
    const serverSaid = this.#serverSaid;
    this.#serverSaid = undefined;
    return { kind: 'refused', serverSaid, cause: tame(error) };
  }

  #dispatch(key: string, from: Visitor['from'], accept: () => unknown, reject: () => void): void {
    const visitor = new OneVisitor(this.#link, from, accept, reject);
    const onVisitor = this.#visitors.get(key);
    if (!onVisitor) return visitor.reject();
    try {
      onVisitor(visitor);
    } catch {
      // An exception thrown into ssh2 would end the whole connection.
      visitor.reject();
    }
  }
}

interface ListenerKind {
  what: string;
  port: number;
  start(client: Client, done: Callback<number>): void;
  stop(client: Client, port: number, done: (error?: Error | null) => void): void;
  key(realPort: number): string;
}

class OneVisitor implements Visitor {
  readonly from: Visitor['from'];
  #link: Link;
  #accept: () => unknown;
  #reject: () => void;
  #answered = false;

  constructor(link: Link, from: Visitor['from'], accept: () => unknown, reject: () => void) {
    this.#link = link;
    this.from = from;
    this.#accept = accept;
    this.#reject = reject;
  }

  accept(): Duplex {
    if (this.#link.lost.error) throw this.#link.lost.error;
    if (this.#answered) throw new Error('This visitor was answered already');
    this.#answered = true;
    return wrapStream(this.#accept() as RawChannel, this.#link.lost);
  }

  reject(isFull = false): void {
    if (this.#answered || this.#link.lost.error) return;
    this.#answered = true;
    if (isFull) refuseWithReason(this.#link.client, resourceShortage, this.#reject);
    else this.#reject();
  }
}

function tcpKey(address: string, port: number): string {
  return `${port} ${address}`;
}

function unixKey(path: string): string {
  return `unix ${path}`;
}
