import type { PhaseTimings } from './errors/index.ts';
import type { HostKeyPolicy } from './host-key/policy/policy.ts';
import type { ResolvedOptions } from './options/resolve.ts';
import type { ConnectOptions } from './options/types.ts';
import type { HopConnection } from './route/route.ts';
import type { ResolvedAlgorithms } from './ssh2/handshake/algorithms.ts';
import type { OwnedLink } from './ssh2/handshake/owned-link.ts';
import type { Established } from './ssh2/handshake/plan.ts';
import type { Credentials } from './ssh2/login/credentials.ts';
import type { Stoppable } from './time/on-abort.ts';

/** What all attempts of one connection share. */
export interface AttemptPlan {
  options: ResolvedOptions;
  credentials: Credentials;
  hostKey: HostKeyPolicy;
  algorithms: ResolvedAlgorithms;
  /** Set for the connection to a jump host. */
  hop?: string | undefined;
  connectHop(options: ConnectOptions, hop: string): Promise<HopConnection>;
  signal: Stoppable;
}

/** An attempt that succeeded. */
export interface Arrival extends Pick<Established, 'serverVersion' | 'hostKeyFingerprint'> {
  owned: OwnedLink;
  timings: PhaseTimings;
}
