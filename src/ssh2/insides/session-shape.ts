import type { Client, ClientChannel } from 'ssh2';
import { protocolOf, type RawChannelState } from './internals.ts';
import { serves } from './registry/look.ts';

/** The window that ssh2 grants on each channel when it opens (its lib/Channel.js). */
export const grantedWindow = 2 * 1024 * 1024;
const grantedPacket = 32 * 1024;

/** SSH_MSG_CHANNEL_OPEN_CONFIRMATION (RFC 4254 section 5.1). */
interface Confirmation {
  recipient: number;
  sender: number;
  window: number;
  packetSize: number;
}

type Confirmed = (client: Client, info: Confirmation) => SessionShape;
type Opened<S> = (error: Error | undefined, session: S) => void;
/** The entry in ssh2's table of channels until the server has answered. */
type Opening = Opened<SessionShape> & { type: 'session'; confirmed: Confirmed };

type Ends = Required<Pick<RawChannelState, 'incoming' | 'outgoing'>>;

interface WithTable {
  _chanMgr: {
    add(opening: unknown): number;
    get(id: number): unknown;
    update(id: number, entry: unknown): void;
  };
}

/** The protocol methods through which a session sends. */
interface SessionSender {
  _handlers: { CHANNEL_OPEN_CONFIRMATION(protocol: unknown, info: Confirmation): void };
  session(id: number, window: number, packetSize: number): void;
  signal(id: number, name: string): void;
  channelData(id: number, data: Buffer): void;
  channelEOF(id: number): void;
  channelClose(id: number): void;
}

/** Looks like a stream that has ended, so ssh2 leaves it alone. */
const noStream = { readable: false, emit() {} };

/**
 * A session with just the members that ssh2's message handlers expect of a channel, in place of ssh2's own: that
 * consists of three Node.js streams with some twenty listeners, which cost more than everything else in a short
 * command. As there is no stream that ssh2 could end, ssh2 only keeps its states, answers a CLOSE, and emits `exit` and
 * `close` on it. Data arrives through `bounds/receive-window.ts`.
 */
export abstract class SessionShape {
  readonly type = 'session';
  readonly incoming: Ends['incoming'];
  readonly outgoing: Ends['outgoing'];
  readonly readable = false;
  readonly stderr = noStream;
  readonly _exit = { code: undefined };
  _callbacks: Array<(failed: unknown) => void> = [];
  _waitWindow = false;
  /** Called when the server grants more. */
  _chunkcb: (() => void) | undefined;
  /** Called when it is closed, if nobody uses it: before its command, or after that was refused. */
  onUnusedClosed: ((session: object) => void) | undefined;
  protected readonly client: Client;

  constructor(client: Client, { recipient, sender, window, packetSize }: Confirmation) {
    this.client = client;
    this.incoming = { id: recipient, window: grantedWindow, state: 'open' };
    this.outgoing = { id: sender, window, packetSize, state: 'open' };
  }

  /** The server has reported how the command ended; by a signal if `code` is null. */
  protected abstract exited(code: number | null, signal?: string, description?: string): void;
  /** The server has closed it, or the connection has ended. */
  protected abstract closed(): void;

  /** Called by ssh2 only. */
  emit(
    event: string,
    code?: number | null,
    ...bySignal: [name?: string, dump?: boolean, description?: string]
  ): void {
    if (event === 'exit') this.exited(code ?? null, bySignal[0], bySignal[2]);
    else if (event === 'close') {
      this.closed();
      this.onUnusedClosed?.(this);
    }
  }

  eof(): void {
    if (this.outgoing.state !== 'open') return;
    this.outgoing.state = 'eof';
    senderOf(this.client).channelEOF(this.outgoing.id);
  }

  /** Also called by ssh2, to answer a CLOSE. */
  close(): void {
    if (!this.canSignal) return;
    this.outgoing.state = 'closing';
    senderOf(this.client).channelClose(this.outgoing.id);
  }

  protected get canSignal(): boolean {
    return this.outgoing.state === 'open' || this.outgoing.state === 'eof';
  }

  /** @throws Error for a name that RFC 4254 does not define. */
  protected sendSignal(name: string): void {
    if (this.canSignal) senderOf(this.client).signal(this.outgoing.id, name);
  }

  /** Sends what the server's window allows; returns the rest, which waits for `whenGranted`. */
  protected send(data: Buffer): Buffer {
    const { outgoing } = this;
    let left = data;
    while (left.length > 0 && outgoing.window > 0) {
      const part = left.subarray(0, Math.min(outgoing.window, outgoing.packetSize));
      outgoing.window -= part.length;
      senderOf(this.client).channelData(outgoing.id, part);
      left = left.subarray(part.length);
    }
    return left;
  }

  protected whenGranted(goOn: () => void): void {
    this._waitWindow = true;
    this._chunkcb = goOn;
  }
}

/**
 * Opens a session without requesting anything on it, which ssh2 does not offer; the open session is an instance of
 * `Session`. Returns false if ssh2's internals have changed.
 */
export function openBareSession<S extends SessionShape>(
  client: Client,
  Session: new (client: Client, info: Confirmation) => S,
  opened: Opened<S>,
): boolean {
  if (!serves(client, 'sessions of our own')) return false;
  knowOurs(client);
  const opening: Opening = Object.assign(
    (error: Error | undefined, session: SessionShape) => opened(error, session as S),
    {
      // ssh2 reads the kind of channel from its own callback.
      type: 'session' as const,
      confirmed: (...given: Parameters<Confirmed>) => new Session(...given),
    },
  );
  const id = tableOf(client).add(opening);
  if (id === -1) return false;
  senderOf(client).session(id, grantedWindow, grantedPacket);
  return true;
}

/** Makes one of ssh2's channels, with streams, of an open session of ours on which nothing has been requested or said. */
export function withStreams(
  client: Client,
  { incoming, outgoing }: SessionShape,
  made: (channel: ClientChannel) => void,
): void {
  const { id: sender, window, packetSize } = outgoing;
  // ssh2 makes a channel where its table has the callback of one that is being opened.
  const opening = (_error: unknown, channel: ClientChannel) => made(channel);
  tableOf(client).update(incoming.id, Object.assign(opening, { type: 'session' }));
  const { CHANNEL_OPEN_CONFIRMATION: confirmed } = senderOf(client)._handlers;
  confirmed(undefined, { recipient: incoming.id, sender, window, packetSize });
}

const knowing = new WeakSet<Client>();

/**
 * Where ssh2 would create a channel of its own, creates ours for the sessions that we opened. Call it right after
 * `client.connect`, before anything else looks at the server's confirmations.
 */
export function knowOurs(client: Client): void {
  if (knowing.has(client) || !serves(client, 'sessions of our own')) return;
  knowing.add(client);
  const handlers = senderOf(client)._handlers;
  const original = handlers.CHANNEL_OPEN_CONFIRMATION;
  handlers.CHANNEL_OPEN_CONFIRMATION = (protocol, info) => {
    const opening = tableOf(client).get(info.recipient) as Opening | undefined;
    if (typeof opening?.confirmed !== 'function') return original(protocol, info);
    const session = opening.confirmed(client, info);
    tableOf(client).update(info.recipient, session);
    opening(undefined, session);
  };
}

function tableOf(client: Client): WithTable['_chanMgr'] {
  return (client as unknown as WithTable)._chanMgr;
}

function senderOf(client: Client): SessionSender {
  return protocolOf(client) as unknown as SessionSender;
}
