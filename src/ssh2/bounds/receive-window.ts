import type { Readable } from 'node:stream';
import type { Client } from 'ssh2';
import { protocolOf, stateOf } from '../insides/internals.ts';
import {
  channelOf,
  handlersOf,
  type InboundChannel,
  type InboundHandlers,
} from '../insides/messages/inbound.ts';
import { grantedWindow } from '../insides/session-shape.ts';
import { JoinedTail } from './joined-tail.ts';

/** The data type code of stderr (RFC 4254 section 5.2). */
const extendedStderr = 1;

/** Called with the words for what the far side did. */
export type OnExceeded = (what: string) => void;

/**
 * Keeps the receive windows of all channels of a connection in place of ssh2. Data beyond the window is dropped, and
 * `onExceeded` is called each time: RFC 4254 section 5.2 allows either side to end the connection over it. ssh2 itself
 * only checks whether the window is exactly zero, then lets it go negative (mscdex/ssh2#1505), and it grants more even
 * while the reader is behind, so a paused reader could be made to buffer any amount.
 *
 * Call it right after `client.connect`. Returns false if ssh2's internals have changed; nothing is bounded then.
 */
export function boundWindows(client: Client, onExceeded: OnExceeded): boolean {
  const handlers = handlersOf(client);
  const adjust = protocolOf(client)?.channelWindowAdjust;
  if (!handlers?.CHANNEL_DATA || !handlers.CHANNEL_EXTENDED_DATA || typeof adjust !== 'function')
    return false;
  const windows = new Windows(client, onExceeded);
  windowsOf.set(client, windows);
  Object.assign(handlers, windows.handlers);
  return true;
}

/**
 * Raises the receive window of one channel to `bytes`. ssh2's own window is 2 MiB, granted in halves, so about 1 MiB
 * moves per round trip: 10 MB/s at 100 ms, however fast the line is. Returns false and changes nothing if we do not
 * keep the windows.
 */
export function growWindow(client: Client, channel: object, bytes: number): boolean {
  const windows = windowsOf.get(client);
  if (!windows || !isKnown(channel)) return false;
  windows.of(channel).grow(bytes);
  return true;
}

const windowsOf = new WeakMap<Client, Windows>();

class Windows {
  readonly #client: Client;
  readonly #onExceeded: OnExceeded;
  /** Made for the first channel of ssh2's own. */
  #all: WeakMap<object, ReceiveWindow> | undefined;

  constructor(client: Client, onExceeded: OnExceeded) {
    this.#client = client;
    this.#onExceeded = onExceeded;
  }

  readonly handlers: Pick<InboundHandlers, 'CHANNEL_DATA' | 'CHANNEL_EXTENDED_DATA'> = {
    CHANNEL_DATA: (_protocol, id, data) => {
      const channel = channelOf(this.#client, id);
      if (channel && isKnown(channel)) this.#receive(channel, 'stdout', data);
    },
    CHANNEL_EXTENDED_DATA: (_protocol, id, data, type) => {
      const channel = channelOf(this.#client, id);
      if (!channel || !isKnown(channel)) return;
      // Other types of extended data reach nobody, but they count.
      this.#receive(channel, type === extendedStderr ? 'stderr' : undefined, data);
    },
  };

  of(channel: KnownChannel): ReceiveWindow {
    this.#all ??= new WeakMap();
    let window = this.#all.get(channel);
    if (!window) {
      window = new ReceiveWindow(this.#client, channel);
      this.#all.set(channel, window);
    }
    return window;
  }

  #receive(channel: KnownChannel, stream: OutputName | undefined, data: Buffer): void {
    const { incoming } = channel;
    const beyond = data.length - incoming.window;
    if (beyond > 0) return this.#onExceeded(wordsFor(beyond, this.of(channel).size));
    // Allowed, and says nothing; a stream into which it was pushed would ask for no more.
    if (data.length === 0) return;
    incoming.window -= data.length;
    if (!isKeeping(channel)) return this.of(channel).receive(stream && streamOf(channel, stream), data);
    // No data is accepted after the channel's end of file.
    if (stream && incoming.state === 'open') channel.receive(stream, data);
    grantAgain(this.#client, channel);
  }
}

export type OutputName = 'stdout' | 'stderr';

function streamOf(channel: KnownChannel, name: OutputName): Readable {
  return name === 'stdout' ? channel : channel.stderr;
}

/** A channel that itself buffers what its reader has not taken. */
export interface KeepingChannel extends Pick<KnownChannel, 'incoming' | 'outgoing'> {
  receive(stream: OutputName, data: Buffer): void;
  /** Bytes waiting for the reader. Call `grantAgain` when this number has fallen. */
  readonly held: number;
}

function isKeeping(channel: object): channel is KeepingChannel {
  return 'receive' in channel;
}

/** Grants such a channel what has been read, once it is enough. */
export function grantAgain(client: Client, channel: KeepingChannel): void {
  grant(client, channel, { size: grantedWindow, step: grantedWindow / 2, held: channel.held });
}

/** Grants what has been read and no more, at least `step` bytes at a time. */
function grant(
  client: Client,
  { incoming, outgoing }: Pick<KnownChannel, 'incoming' | 'outgoing'>,
  { size, step, held }: { size: number; step: number; held: number },
): void {
  const free = size - incoming.window - held;
  if (free < step || incoming.state !== 'open' || outgoing.state === 'closed') return;
  incoming.window += free;
  protocolOf(client)?.channelWindowAdjust?.(outgoing.id, free);
}

function wordsFor(beyond: number, size: number): string {
  return `it sent ${beyond} bytes more than the window of a channel allowed (${size} bytes; RFC 4254 section 5.2)`;
}

type KnownChannel = InboundChannel & Required<Pick<ReturnType<typeof stateOf>, 'incoming' | 'outgoing'>>;

function isKnown(channel: object): channel is KnownChannel {
  const { incoming, outgoing } = stateOf(channel);
  return typeof incoming?.window === 'number' && typeof outgoing?.id === 'number' && 'stderr' in channel;
}

/** The window of one channel: what it still allows plus what its readers have not taken never exceeds `size` bytes. */
class ReceiveWindow {
  size = grantedWindow;
  /** Each grant is a packet; filling a long line is worth a few more of them. */
  #step = grantedWindow / 2;
  readonly #client: Client;
  readonly #channel: KnownChannel;
  /** For stdout and stderr, which share the window; created when a reader first falls behind. */
  #tails: Map<Readable, JoinedTail> | undefined;

  constructor(client: Client, channel: KnownChannel) {
    this.#client = client;
    this.#channel = channel;
  }

  grow(bytes: number): void {
    this.size = Math.max(this.size, bytes);
    this.#step = this.size / 8;
    this.#grant();
  }

  receive(stream: Readable | undefined, data: Buffer): void {
    // A stream accepts no data after its end of file; pushing more would make ssh2 report an error.
    if (stream && this.#channel.incoming.state === 'open') this.#deliver(stream, data);
    this.#grant();
  }

  #deliver(stream: Readable, data: Buffer): void {
    const tail = this.#tails?.get(stream);
    if (tail) return tail.add(data);
    stream.push(data);
    if (stream.readableLength > 0) this.#watchReaders();
  }

  #watchReaders(): void {
    const { stderr } = this.#channel;
    const onRead = () => this.#grant();
    this.#tails = new Map([this.#channel, stderr].map((stream) => [stream, new JoinedTail(stream, onRead)]));
  }

  get #held(): number {
    let held = 0;
    if (this.#tails) for (const tail of this.#tails.values()) held += tail.held;
    return held;
  }

  #grant(): void {
    const { size } = this;
    const step = this.#step;
    if (size - this.#channel.incoming.window < step) return;
    grant(this.#client, this.#channel, { size, step, held: this.#held });
  }
}
