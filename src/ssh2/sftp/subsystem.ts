import type { ClientChannel } from 'ssh2';
import type { SshError } from '../../errors/index.ts';
import { latch } from '../../time/latch.ts';
import { atLatest, now } from '../../time/timer.ts';
import { farByLogin } from '../channels/early-session.ts';
import type { Link } from '../channels/link.ts';
import { openFailed } from '../channels/open-errors.ts';
import type { OpenedCallback } from '../channels/opening.ts';
import type { OwnSession } from '../channels/own-session.ts';
import { sendBeforeWindow } from '../insides/ahead/before-window.ts';
import { behindFirstRequest, nextChannelId, requestOn } from '../insides/internals.ts';
import { withStreams } from '../insides/session-shape.ts';
import { isOpenSsh } from '../transport/server-kind.ts';

/** A session on which SFTP has been requested. */
interface Subsystem {
  channel: ClientChannel;
  /** Milliseconds of a round trip; 0 if it was not measured. */
  roundTrip: number;
  /** Whether SSH_FXP_INIT has been sent. */
  isBegun: boolean;
  /** Reports if the server refuses the subsystem later; undefined if it has granted it already. */
  refused?: (listener: (error: SshError) => void) => void;
}

interface Asking {
  signal?: AbortSignal | undefined;
  timeout?: number | undefined;
  serverVersion: string | undefined;
  limitsWait?: boolean | undefined;
}

const what = 'an SFTP session';
/** SSH_FXP_INIT for version 3. */
export const init = Buffer.from([0, 0, 0, 5, 1, 0, 0, 0, 3]);

/**
 * Requests the sftp subsystem, on a session that is open already if there is one. OpenSSH, including OpenSSH for
 * Windows, opens the session's window while it handles that request, and ignores earlier data (channels.c
 * `channel_set_fds`, `channel_input_data`): its answer is not awaited, as data that follows the request is never beyond
 * the window. Other servers are sent nothing until they answer.
 */
export function openSubsystem(
  link: Link,
  { signal, timeout, serverVersion, limitsWait }: Asking,
): Promise<Subsystem> {
  const isQuick = isOpenSsh(serverVersion);
  return link.openSession<Subsystem>({
    signal,
    timeout,
    limitsWait,
    what,
    // How far the server is, is then known from the login only. Near, requesting a session costs little, and shows it.
    takesOpenSession: isQuick && link.roundTrip >= farByLogin,
    start: (client, answered) => {
      const id = nextChannelId(client);
      const askedAt = now();
      const asked = new SubsystemRequest(link, answered);
      client.subsys('sftp', (error, channel) => asked.granted(error, channel));
      // The server answers the open request at once; what follows starts a process there.
      behindFirstRequest(client, id, (channel) => {
        asked.roundTrip = now() - askedAt;
        if (isQuick) asked.begin(channel);
      });
    },
    startOn: (session: OwnSession, answered) => {
      const { client } = link;
      withStreams(client, session, (channel) => {
        const asked = new SubsystemRequest(link, answered);
        asked.roundTrip = link.roundTrip;
        requestOn(client, channel, 'subsystem', 'sftp', (error) => asked.granted(error, channel));
        asked.begin(channel);
      });
    },
    discard: (opened) => discard(link, opened),
  });
}

/** One request for SFTP; the caller is called back by `begin` or, if that does not come, with the server's answer. */
class SubsystemRequest {
  roundTrip = 0;
  readonly #link: Link;
  readonly #answered: OpenedCallback<Subsystem>;
  readonly #refusal = latch<Error>();
  #isAnswered = false;

  constructor(link: Link, answered: OpenedCallback<Subsystem>) {
    this.#link = link;
    this.#answered = answered;
  }

  granted(error: Error | undefined, channel: ClientChannel): void {
    const { roundTrip } = this;
    if (!this.#isAnswered) this.#answered(error, { channel, roundTrip, isBegun: false });
    else if (error) this.#refusal.resolve(error);
  }

  begin(channel: ClientChannel): void {
    this.#isAnswered = true;
    // Whoever uses it may still be loading.
    channel.on('error', () => {});
    const { roundTrip } = this;
    const isBegun = sendBeforeWindow(this.#link.client, channel, init);
    const refused = (listener: (error: SshError) => void) =>
      void this.#refusal.promise.then((error) => listener(openFailed(this.#link.where, what, error)));
    this.#answered(undefined, { channel, roundTrip, isBegun, refused });
  }
}

/** Closes a session that nobody uses. */
function discard(link: Link, { channel }: Subsystem): void {
  if (link.lost.error) return;
  channel.on('error', () => {});
  channel.close();
  channel.once('close', atLatest(link.channelTimeout, link.releaseSession));
  channel.resume();
  channel.stderr.resume();
}

/** A session that is requested while the code that will use it is still being loaded. */
export class FirstSession {
  readonly #link: Link;
  #opening: Promise<Subsystem> | undefined;

  constructor(link: Link, options: Omit<Asking, 'serverVersion'>) {
    this.#link = link;
    this.#opening = openSubsystem(link, { ...options, serverVersion: link.serverVersion });
    this.#opening.catch(() => {});
  }

  /** The session, once. */
  take(): Promise<Subsystem> | undefined {
    const opening = this.#opening;
    this.#opening = undefined;
    return opening;
  }

  /** Closes it, unless somebody has taken it. */
  drop(): void {
    this.take()?.then(
      (opened) => discard(this.#link, opened),
      () => {},
    );
  }
}
