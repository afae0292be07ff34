import type { Client } from 'ssh2';
import type { PhaseTimings, SshError } from '../../errors/index.ts';
import type { HostKeyPolicy } from '../../host-key/policy/policy.ts';
import type { Complete } from '../../options/defaults.ts';
import type { KeepaliveOptions, Log, Timeouts } from '../../options/types.ts';
import type { Chores } from '../../time/chores.ts';
import type { Latch } from '../../time/latch.ts';
import type { Stoppable } from '../../time/on-abort.ts';
import type { PhaseClock } from '../../time/phase-clock.ts';
import type { Where } from '../channels/link.ts';
import type { LoginEvents } from '../insides/ahead/behind-login.ts';
import type { ReadOffer } from '../insides/key-exchange/server-offer.ts';
import type { Authentication } from '../login/auth.ts';
import type { Credentials } from '../login/credentials.ts';
import type { Transport } from '../transport/transport.ts';
import type { ResolvedAlgorithms } from './algorithms.ts';

/** Sends something right behind the first login request. */
interface BehindLogin extends LoginEvents {
  /** The server, or its silence, has ended the connection before the login was over. */
  endedInLogin(): void;
}

/** Everything a handshake needs to know apart from the stream. */
export interface HandshakePlan {
  where: Where;
  credentials: Credentials;
  hostKey: HostKeyPolicy;
  algorithms: ResolvedAlgorithms;
  timeouts: Complete<Timeouts>;
  keepalive: false | Complete<KeepaliveOptions>;
  onLoginBanner?: ((notice: string) => void) | undefined;
  log: Log;
  signal: Stoppable;
  /** Filled in phase by phase, so that it covers failed attempts too. */
  timings: Partial<PhaseTimings>;
  /** The program whose output carries the server's data (a proxy command). */
  program?: string | undefined;
  behindLogin?: BehindLogin | undefined;
  /** Why the stream ended, if the route knows more. */
  routeFailure?: (() => Error | undefined) | undefined;
}

/** What a connection no longer needs once its login has succeeded, which is nearly all of its life. */
export interface Login {
  readonly plan: HandshakePlan;
  readonly auth: Authentication;
  readonly clock: PhaseClock;
  readonly outcome: Latch<Established>;
  /** The algorithms of the host key, in the order that suits what is known of the host. */
  hostKeyOrder?: readonly string[];
  readOffer?: ReadOffer;
  /** Stops listening to the caller's signal. */
  unfollow?: () => void;
}

/** A login that succeeded: the client, its stream, and what is known of the server. */
export interface Established {
  client: Client;
  transport: Transport;
  /** The identification line without `SSH-2.0-`, escaped for display. */
  serverVersion: string;
  /** The fingerprint of the host key that the server has proved to own; computed on demand. */
  hostKeyFingerprint(): string;
  /** What the end of the connection waits for. */
  chores: Chores;
  /** From now on, `listener` is told what ends the connection, once. */
  onEnd(listener: (error: SshError) => void): void;
}
