import type { AttemptPlan } from './arrival.ts';
import type { Connection } from './connection.ts';
import type { PhaseTimings } from './errors/index.ts';
import { loadInTurns } from './load/in-turns.ts';
import { kept } from './load/kept.ts';
import { debugTopic } from './observe/debug.ts';
import { dispose, openRoute } from './open-route.ts';
import type { LoginTurn } from './route/login-turns.ts';
import { loadClient, loadKeyReader } from './ssh2/insides/load.ts';
import { now } from './time/timer.ts';

const debug = debugTopic('connect');

const logInPart = kept(() => import('./log-in.ts'));
const connectionPart = kept(() => import('./connection.ts'));

let loaded: Promise<void> | undefined;

/** Loads what is needed once the stream is open, in the order in which it is. */
function loadMeanwhile(): Promise<void> {
  loaded ??= loadInTurns([logInPart, loadKeyReader, loadClient, connectionPart]);
  return loaded;
}

/** One attempt: route, identification line, keys, login. `timings` is filled in as it goes, also when it fails. */
export async function attempt(
  plan: AttemptPlan,
  timings: PhaseTimings,
  turn?: LoginTurn,
): Promise<Connection> {
  const startedAt = now();
  try {
    const loading = loadMeanwhile();
    void loading.then(() => turn?.isReady());
    const routed = await openRoute(plan, loading);
    turn?.reached();
    timings.tcp = elapsed(startedAt);
    try {
      const { logIn } = await logInPart();
      const arrival = await logIn(plan, routed, timings);
      const { Connection } = await connectionPart();
      return new Connection(arrival);
    } catch (error) {
      // Not waited for: what carried the stream may be as dead as the stream, and an abort must be quick.
      void dispose(routed);
      throw error;
    }
  } finally {
    timings.total = elapsed(startedAt);
    debug('%s:%d phases %j', plan.options.host, plan.options.port, timings);
  }
}

function elapsed(since: number): number {
  return Math.round((now() - since) * 10) / 10;
}
