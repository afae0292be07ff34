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

/** Told the words for what the far side did. */
export type OnExceeded = (what: string) => void;

/**
 * Keeps the receive windows of all channels of a connection, in ssh2's place. What arrives beyond the window goes to
 * nobody and is told to `onExceeded`, once and again: RFC 4254 section 5.2 lets either side end the connection over it.
 * ssh2 looks only whether the window is exactly zero, then counts below it (mscdex/ssh2#1505), and grants more while a
 * reader is behind; a paused reader could be made to hold any amount.
 *
 * To be called when the client has connected. False when ssh2 changed inside; then nothing is as it should be.
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
 * Raises the receive window of one channel to `bytes`. Of ssh2's 2 MiB, which are granted by halves, about one
 * moves in a round trip: 10 MB/s at 100 ms, whatever the line carries. False, and nothing changed, where the windows are not ours.
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
  readonly #all = new WeakMap<object, ReceiveWindow>();

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
      // Of other types nobody is told; they count all the same.
      this.#receive(channel, type === extendedStderr ? 'stderr' : undefined, data);
    },
  };

  of(channel: KnownChannel): ReceiveWindow {
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
    incoming.window -= data.length;
    if (!isKeeping(channel)) return this.of(channel).receive(stream && streamOf(channel, stream), data);
    // After its end of file it takes no more.
    if (stream && incoming.state === 'open') channel.receive(stream, data);
    grantAgain(this.#client, channel);
  }
}

export type OutputName = 'stdout' | 'stderr';

function streamOf(channel: KnownChannel, name: OutputName): Readable {
  return name === 'stdout' ? channel : channel.stderr;
}

/** A channel that keeps by itself what its reader leaves. */
export interface KeepingChannel extends Pick<KnownChannel, 'incoming' | 'outgoing'> {
  receive(stream: OutputName, data: Buffer): void;
  /** Bytes that wait for the reader. When there are fewer, `grantAgain` is to be called. */
  readonly held: number;
}

function isKeeping(channel: object): channel is KeepingChannel {
  return 'receive' in channel;
}

/** Grants what has been read of such a channel, when there is enough of it. */
export function grantAgain(client: Client, channel: KeepingChannel): void {
  grant(client, channel, { size: grantedWindow, step: grantedWindow / 2, held: channel.held });
}

/** Grants what has been read and no more, in pieces of `step` at least. */
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

/** The window of one channel: what it still allows and what its readers hold never come to more than `size` bytes. */
class ReceiveWindow {
  size = grantedWindow;
  /** Each grant is a packet; where a long line is to be filled, a few more of them are worth it. */
  #step = grantedWindow / 2;
  readonly #client: Client;
  readonly #channel: KnownChannel;
  /** Of stdout and stderr, which share the window; made when a reader is first behind. */
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
    // After its end of file a stream takes no more; ssh2 would make an error of it.
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
