import type { Client, ClientChannel, PseudoTtyOptions } from 'ssh2';
import { atEndOfTurn } from '../../time/end-of-turn.ts';
import type { Stoppable } from '../../time/on-abort.ts';
import { behindFirstRequest, nextChannelId, requestOn } from '../insides/internals.ts';
import { openBareSession } from '../insides/session-shape.ts';
import type { Lost } from '../transport/lost.ts';
import type { OpenedCallback, OpenPlan } from './opening.ts';
import { OwnSession } from './own-session.ts';
import { type SessionChannel, wrapSession } from './session-channel.ts';

export interface ExecRequest {
  /** Absent: the account's login shell, in a terminal. */
  command?: string | undefined;
  pty?: PseudoTtyOptions | boolean | undefined;
  /**
   * Asked when the command is sent: whether it has no input. If so, the end of input leaves together with the command,
   * which saves both sides a packet; calling the session's `end()` afterwards does no harm.
   */
  hasNoInput?: (() => boolean) | undefined;
}

export interface ExecEvents {
  signal?: Stoppable | undefined;
  timeout?: number | undefined;
  /** A session is now being requested; from here on, the command may have been started. */
  onAsked?: (() => void) | undefined;
  /** Called with the session if the command was started after `signal` had aborted. */
  onLate?: ((session: SessionChannel) => void) | undefined;
  /** The server has refused it, at once or later. */
  onRefused?: (() => void) | undefined;
  /** `timeout` counts from the call, the wait for a free session included. */
  limitsWait?: boolean | undefined;
  /** It cleans up, and so may begin after `close()`. */
  isChore?: boolean | undefined;
  /** Never waits in line: the caller holds a session, and might be waiting for itself. */
  isSpare?: boolean | undefined;
}

/** The part of a link that a command needs. */
interface CommandLink {
  readonly client: Client;
  readonly lost: Lost;
  readonly commandEnded: () => void;
  readonly channelTimeout: number;
  readonly ahead: { prepare(isSequel: boolean): void } | undefined;
}

type SessionCallback = OpenedCallback<SessionChannel>;

/** How a link starts one command, in a new session or in one that is open already. */
export class CommandPlan implements OpenPlan<SessionChannel> {
  readonly what: string;
  readonly isTraced: boolean;
  readonly signal: Stoppable | undefined;
  readonly timeout: number | undefined;
  readonly limitsWait: boolean | undefined;
  readonly isChore: boolean | undefined;
  readonly isSpare: boolean | undefined;
  readonly takesOpenSession: boolean;
  readonly #link: CommandLink;
  readonly #request: ExecRequest;
  readonly #events: ExecEvents;
  readonly #isSequel: boolean;

  /** `isSequel`: it follows another command, so a session for the next one is requested as well. */
  constructor(link: CommandLink, request: ExecRequest, events: ExecEvents, isSequel: boolean) {
    this.#link = link;
    this.#request = request;
    this.#events = events;
    this.#isSequel = isSequel;
    const isShell = request.command === undefined;
    this.what = isShell ? 'a shell in a terminal' : 'a session for a command';
    this.isTraced = !isShell;
    this.signal = events.signal;
    this.timeout = events.timeout;
    this.limitsWait = events.limitsWait;
    this.isChore = events.isChore;
    this.isSpare = events.isSpare;
    // A terminal has to be requested before the command.
    this.takesOpenSession = !isShell && request.pty === undefined;
  }

  start(client: Client, started: SessionCallback): void {
    this.#events.onAsked?.();
    if (!this.#openOwn(client, started)) this.#openPlain(client, started);
  }

  #openOwn(client: Client, started: SessionCallback): boolean {
    if (!this.takesOpenSession) return false;
    return openBareSession(client, OwnSession, (error, session) => {
      if (error) return this.#refused(error, started);
      this.#exec(session, started);
      this.#sent(session);
    });
  }

  #openPlain(client: Client, started: SessionCallback): void {
    const { command, pty } = this.#request;
    const id = nextChannelId(client);
    const opened = (error: Error | undefined, raw: ClientChannel) => {
      const { lost, commandEnded, channelTimeout } = this.#link;
      if (error) this.#refused(error, started);
      // Wrapped before the callback returns: the exit status may follow in the same packet.
      else started(undefined, wrapSession(client, raw, lost, commandEnded, channelTimeout));
    };
    if (command === undefined) return void client.shell(typeof pty === 'object' ? pty : {}, opened);
    client.exec(command, pty === undefined ? {} : { pty }, opened);
    if (pty === undefined)
      behindFirstRequest(client, id, (channel) => this.#sent(channel as ClientChannel & { eof(): void }));
  }

  discard(session: SessionChannel): void {
    const { onLate } = this.#events;
    if (onLate) onLate(session);
    else session.close();
  }

  startOn(session: OwnSession, started: SessionCallback): void {
    this.#events.onAsked?.();
    this.#exec(session, started);
    // Only at the end of the caller's turn is it known whether there is input.
    atEndOfTurn(() => this.#sent(session));
  }

  #exec(session: OwnSession, started: SessionCallback): void {
    const { client, lost, commandEnded, channelTimeout } = this.#link;
    requestOn(client, session, 'exec', this.#request.command ?? '', (error) => {
      if (error) this.#refused(error, started);
      else started(undefined, session.begin(lost, commandEnded, channelTimeout));
    });
  }

  #refused(error: Error, started: SessionCallback): void {
    this.#events.onRefused?.();
    started(error, undefined as unknown as SessionChannel);
  }

  /** Runs in the turn in which the command is sent. */
  #sent(channel: { eof(): void }): void {
    if (this.#request.hasNoInput?.()) channel.eof();
    this.#link.ahead?.prepare(this.#isSequel);
  }
}
