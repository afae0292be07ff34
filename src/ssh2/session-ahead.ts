import type { Client, ClientChannel } from 'ssh2';
import { startTimer } from '../time/timer.ts';
import { onClosed, openBareSession } from './internals.ts';
import type { SessionSlots } from './session-slots.ts';

/** Milliseconds that a session waits for its command; one that waits longer is closed. */
const idleTime = 1_000;
/** Sessions that stay free for others, also on a server that allows fewer than we believe. */
const leaveForOthers = 2;

/**
 * One session that is opened while a command runs, for the next one: where commands follow each other, each is then one
 * round trip instead of two. It counts against MaxSessions like any other, and makes room as soon as somebody waits.
 */
export class SessionAhead {
  readonly #client: Client;
  readonly #slots: SessionSlots;
  readonly #release: () => void;
  #channel: ClientChannel | undefined;
  #isOpening = false;
  #isRefused = false;
  #stopTimer = () => {};
  #unwatch = () => {};

  /** `release` is called when a session that was never used no longer counts on the server. */
  constructor(client: Client, slots: SessionSlots, release: () => void) {
    this.#client = client;
    this.#slots = slots;
    this.#release = release;
    slots.onCrowded(() => this.#close());
  }

  /** Asks for a session, unless there is one, or others could miss it. */
  prepare(): void {
    if (this.#channel || this.#isOpening || this.#isRefused || this.#slots.spare <= leaveForOthers) return;
    this.#isOpening = this.#slots.take();
    if (!this.#isOpening) return;
    const isAsked = openBareSession(this.#client, (error, channel) => {
      this.#isOpening = false;
      if (error) this.#refused();
      else this.#hold(channel);
    });
    if (!isAsked) this.#refused();
  }

  /** The session, with its slot; on it nothing has been asked for yet. */
  take(): ClientChannel | undefined {
    const channel = this.#channel;
    if (!channel) return undefined;
    this.#letGo();
    this.#unwatch();
    return channel;
  }

  #hold(channel: ClientChannel): void {
    this.#channel = channel;
    channel.on('error', () => {});
    channel.stderr.on('error', () => {});
    this.#unwatch = onClosed(channel, () => {
      if (this.#channel === channel) this.#letGo();
      this.#release();
    });
    if (this.#slots.waiting > 0) this.#close();
    else this.#stopTimer = startTimer(idleTime, () => this.#close(), false);
  }

  /** Whatever the reason is: this server does not like it. */
  #refused(): void {
    this.#isOpening = false;
    this.#isRefused = true;
    this.#slots.release();
  }

  #close(): void {
    const channel = this.#channel;
    this.#letGo();
    channel?.close();
  }

  #letGo(): void {
    this.#stopTimer();
    this.#channel = undefined;
  }
}
