import type { Arrival, AttemptPlan } from './arrival.ts';
import type { PhaseTimings } from './errors/index.ts';
import { dispose } from './open-route.ts';
import type { RoutedStream } from './route/route.ts';
import { EarlySession } from './ssh2/channels/early-session.ts';
import { Link } from './ssh2/channels/link.ts';
import { handshake } from './ssh2/handshake/handshake.ts';
import { ownLink } from './ssh2/handshake/owned-link.ts';
import type { Established, HandshakePlan } from './ssh2/handshake/plan.ts';
import { loadClient } from './ssh2/insides/load.ts';

/** Identification line, keys and login over an open stream. */
export async function logIn(
  plan: AttemptPlan,
  routed: RoutedStream,
  timings: PhaseTimings,
): Promise<Arrival> {
  // Not when the server has spoken: loading is not its time, and that ssh2 is damaged is told at once.
  loadClient();
  const early = earlySession(plan);
  const established = await handshake(routed.stream, handshakePlan(plan, routed, timings, early));
  return arrive(plan, established, routed, timings, early);
}

/** None on the way to another host, nor if only one session may be opened, which may be wanted for something else. */
function earlySession({ options: { host, port, maxSessions }, hop }: AttemptPlan): EarlySession | undefined {
  return hop !== undefined || maxSessions === 1 ? undefined : new EarlySession({ host, port });
}

function handshakePlan(
  plan: AttemptPlan,
  routed: RoutedStream,
  timings: PhaseTimings,
  behindLogin: EarlySession | undefined,
): HandshakePlan {
  const { options, credentials, hostKey, algorithms, hop, signal } = plan;
  const { host, port, timeouts, keepalive, onLoginBanner, log } = options;
  return {
    where: { host, port, hop },
    credentials,
    hostKey,
    algorithms,
    timeouts,
    keepalive,
    onLoginBanner,
    log,
    signal,
    timings,
    program: routed.program,
    behindLogin,
    routeFailure: () => routed.failure?.(),
  };
}

function arrive(
  plan: AttemptPlan,
  established: Established,
  routed: RoutedStream,
  timings: PhaseTimings,
  early: EarlySession | undefined,
): Arrival {
  const { host, port, keepalive, maxSessions, timeouts } = plan.options;
  const { client, serverVersion, hostKeyFingerprint, chores } = established;
  const where = { host, port, hop: plan.hop };
  const channelTimeout = timeouts.channel;
  const link = new Link(client, where, {
    channelTimeout,
    maxSessions,
    serverVersion,
    chores,
    opensAhead: true,
    early,
  });
  const owned = ownLink(established, link, keepalive, () => dispose(routed));
  return { owned, serverVersion, hostKeyFingerprint, timings };
}
