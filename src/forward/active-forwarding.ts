import type { Duplex } from 'node:stream';
import type { SshError } from '../errors/index.ts';
import { debugTopic, nameOf } from '../observe/debug.ts';
import type { Lost } from '../ssh2/transport/lost.ts';
import { quoted } from '../text/printable.ts';
import { latch } from '../time/latch.ts';
import type { ListenAddress } from './check.ts';
import { reset, splice } from './splice.ts';
import type { Forwarding } from './types.ts';

const debug = debugTopic('forward');

/** The connections through one forward. */
export class Connections {
  #members = new Set<Duplex>();
  #ended = false;
  #onError: ((error: Error) => void) | undefined;

  constructor(onError: ((error: Error) => void) | undefined) {
    this.#onError = onError;
  }

  get size(): number {
    return this.#members.size;
  }

  /** Keeps track of `stream` until it is joined or closed, or the forward ends. */
  add(stream: Duplex): void {
    if (this.#ended) {
      stream.destroy();
      return;
    }
    this.#members.add(stream);
    stream.on('error', this.failed);
    stream.once('close', () => this.#members.delete(stream));
  }

  /** Joins a member with the other half of its connection; whichever ends first ends the other too. */
  join(member: Duplex, other: Duplex): void {
    if (this.#ended) member.destroy();
    other.on('error', this.failed);
    splice(member, other, () => {});
  }

  /** Reports the failure of one connection to the user's function. */
  readonly failed = (error: unknown): void => {
    if (debug.enabled) debug('a connection failed: %s', nameOf(error));
    queueMicrotask(() => {
      try {
        this.#onError?.(error as Error);
      } catch {
        // Rethrown here, it would be an uncaught exception in a program that only observes.
      }
    });
  };

  /** Ends them all; resolves when they are closed. */
  async end(): Promise<void> {
    this.#ended = true;
    const ends = [...this.#members].map((member) => {
      const closed = new Promise((resolve) => member.once('close', resolve));
      reset(member);
      return closed;
    });
    await Promise.all(ends);
  }
}

/** The handle of a forward that is up. */
export class ActiveForwarding implements Forwarding {
  readonly host: string;
  readonly port: number;
  declare readonly path?: string;
  #connections: Connections;
  #stopListening: () => Promise<void>;
  #closed = latch<SshError | undefined>();
  #closing: Promise<void> | undefined;
  #unsubscribe: () => void = () => {};

  constructor(
    address: ListenAddress,
    connections: Connections,
    lost: Lost,
    stopListening: () => Promise<void>,
  ) {
    this.host = address.path === undefined ? address.host : '';
    this.port = address.path === undefined ? address.port : 0;
    if (address.path !== undefined) this.path = address.path;
    this.#connections = connections;
    this.#stopListening = stopListening;
    debug('listening on %s', this.#name);
    this.#unsubscribe = lost.onLost((error) => void this.#end(error));
  }

  get #name(): string {
    return quoted(this.path ?? `${this.host}:${this.port}`);
  }

  get connections(): number {
    return this.#connections.size;
  }

  get closed(): Promise<SshError | undefined> {
    return this.#closed.promise;
  }

  close(): Promise<void> {
    return this.#end(undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #end(error: SshError | undefined): Promise<void> {
    this.#closing ??= this.#endOnce(error);
    return this.#closing;
  }

  async #endOnce(error: SshError | undefined): Promise<void> {
    this.#unsubscribe();
    const stopped = this.#stopListening().catch(() => {});
    await Promise.all([stopped, this.#connections.end()]);
    if (debug.enabled) debug('%s closed%s', this.#name, error ? `: ${nameOf(error)}` : '');
    this.#closed.resolve(error);
  }
}
