import type { Client } from 'ssh2';
import type { PhaseTimings, SshError } from '../../errors/index.ts';
import type { HostKeyPolicy } from '../../host-key/policy/policy.ts';
import type { Complete } from '../../options/defaults.ts';
import type { KeepaliveOptions, Log, Timeouts } from '../../options/types.ts';
import type { Chores } from '../../time/chores.ts';
import type { Where } from '../channels/link.ts';
import type { Credentials } from '../login/credentials.ts';
import type { Transport } from '../transport/transport.ts';
import type { ResolvedAlgorithms } from './algorithms.ts';

/** Everything a handshake needs to know, beside the stream. */
export interface HandshakePlan {
  where: Where;
  credentials: Credentials;
  hostKey: HostKeyPolicy;
  algorithms: ResolvedAlgorithms;
  timeouts: Complete<Timeouts>;
  keepalive: false | Complete<KeepaliveOptions>;
  onLoginBanner?: ((notice: string) => void) | undefined;
  log: Log;
  signal: AbortSignal;
  /** Filled in phase by phase, so that it tells of failed attempts too. */
  timings: Partial<PhaseTimings>;
  /** The program through whose output the server is heard. */
  program?: string | undefined;
  /** Why the stream ended, if the route knows better. */
  routeFailure?: (() => Error | undefined) | undefined;
}

/** A login that succeeded: the client, its stream, and whom it led to. */
export interface Established {
  client: Client;
  transport: Transport;
  /** The identification line without `SSH-2.0-`, escaped for display. */
  serverVersion: string;
  /** Of the key that the server has proved to own; reckoned when it is asked for. */
  hostKeyFingerprint(): string;
  /** What the end of the connection waits for. */
  chores: Chores;
  /** From now on, whatever ends the connection is told here, once. */
  onEnd(listener: (error: SshError) => void): void;
}
