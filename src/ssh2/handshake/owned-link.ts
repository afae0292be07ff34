import type { Client } from 'ssh2';
import { ConnectionLost, type SshError } from '../../errors/index.ts';
import { latch } from '../../time/latch.ts';
import { now, startTimer } from '../../time/timer.ts';
import type { Link } from '../channels/link.ts';
import { watchLife } from '../transport/keepalive.ts';
import type { Transport } from '../transport/transport.ts';
import type { Established } from './plan.ts';

/** Milliseconds that the peer may take to answer our goodbye before the stream is destroyed. */
const farewell = 2_000;
/** The least of it, where the time is used up. */
const briefFarewell = 200;
/** Milliseconds without a byte from a jump host, after which it gets no more: it had the farewell of what it carried. */
const hopSilence = 1_000;
/** Milliseconds that cancelled work may take to clean up: as long as stopping a command takes. */
const cleaning = 2_100;

type Keepalive = false | { readonly interval: number; readonly countMax: number };

/** A link, with what only its owner may do. */
export interface OwnedLink {
  readonly link: Link;
  /** Resolves with a loss at once; after `close`, when everything under the link is gone. */
  readonly ended: Promise<void>;
  /** True if the end was our own `close`, and not a loss before it. */
  readonly closedByUs: boolean;
  /** Sends what is still queued and a goodbye, then ends the stream. Idempotent. */
  close(): Promise<void>;
}

/** Ties a link to the events of its connection; `dispose` ends what carried its stream. */
export function ownLink(
  established: Established,
  link: Link,
  keepalive: Keepalive,
  dispose: () => Promise<void>,
): OwnedLink {
  return new OwnedConnection(established, link, keepalive, dispose);
}

class OwnedConnection implements OwnedLink {
  readonly link: Link;
  readonly #client: Client;
  readonly #transport: Transport;
  readonly #ended = latch<void>();
  /** Everything under the link is. */
  readonly #gone = latch<void>();
  readonly #stopWatching: (() => void) | undefined;
  #closing = false;
  #closed: Promise<void> | undefined;

  constructor(
    { client, transport, onEnd }: Established,
    link: Link,
    keepalive: Keepalive,
    dispose: () => Promise<void>,
  ) {
    this.link = link;
    this.#client = client;
    this.#transport = transport;
    if (keepalive)
      this.#stopWatching = watchLife(transport, keepalive, (silentMs) => this.#isSilent(silentMs));
    onEnd((error) => link.lost.declare(error));
    link.lost.onLost((error) => this.#isLost(error));
    transport.once('close', () => void dispose().then(() => this.#isGone()));
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  get closedByUs(): boolean {
    return this.#closing;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  #isSilent(silentMs: number): void {
    const { host, port, hop } = this.link.where;
    const error = new ConnectionLost(
      `Nothing came from ${host}:${port} for ${Math.round(silentMs)} ms; the keepalive considers it dead`,
      {
        host,
        port,
        hop,
        phase: 'session',
        why: 'keepalive',
        retryable: true,
        hint: hop
          ? 'The jump host or the network on the way to it vanished without closing the connection.'
          : 'The PC or the network vanished without closing the connection. The next attempt may meet the zombie that it left on the gateway.',
      },
    );
    this.link.lost.declare(error);
  }

  #isLost(error: SshError): void {
    this.#stopWatching?.();
    if (this.#closing) return;
    // What carried the stream may be as dead, and take its time to end.
    this.#ended.resolve();
    if (isByServer(error)) this.link.endedByServer();
    this.#transport.kill();
  }

  #isGone(): void {
    this.#gone.resolve();
    this.#ended.resolve();
  }

  get #isSilentHop(): boolean {
    return this.link.where.hop !== undefined && now() - this.#transport.lastLifeAt >= hopSilence;
  }

  async #close(): Promise<void> {
    const { link } = this;
    const { host, port, hop } = link.where;
    link.leaving.declare(closedHere(host, port, hop));
    const started = now();
    if (link.chores.size > 0 && !link.lost.error) await cleanedUp(link);
    const alreadyLost = link.lost.error !== undefined;
    this.#closing = !alreadyLost;
    // Declared before the peer answers our goodbye, which would be taken for a loss.
    if (!alreadyLost) sayGoodbye(this.#client);
    link.lost.declare(closedHere(host, port, hop));
    const left = this.#isSilentHop ? 0 : farewell - (now() - started);
    const stopTimer = startTimer(alreadyLost ? 0 : Math.max(briefFarewell, left), () =>
      this.#transport.kill(),
    );
    await this.#gone.promise;
    stopTimer();
  }
}

/** Lets work that was cancelled before the end clean up; on a dead link nothing can. */
async function cleanedUp(link: Link): Promise<void> {
  const lost = latch<void>();
  const unsubscribe = link.lost.onLost(() => lost.resolve());
  await link.chores.settled(cleaning, lost.promise);
  unsubscribe();
}

/** Neither silence nor a decision of ours. */
function isByServer(error: SshError): boolean {
  return error instanceof ConnectionLost && (error.why === 'socket' || error.why === 'server-disconnect');
}

function sayGoodbye(client: Client): void {
  try {
    client.end();
  } catch {
    // ssh2 met a fatal error in this very turn; the stream is ended in any case.
  }
}

function closedHere(host: string, port: number, hop: string | undefined): ConnectionLost {
  return new ConnectionLost(`The connection to ${host}:${port} was closed here, by close()`, {
    host,
    port,
    hop,
    phase: 'session',
    why: 'socket',
    reason: 'closed by close()',
    retryable: false,
  });
}
