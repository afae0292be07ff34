import { connectPhases } from '../../errors/phases.ts';
import type { Settings } from '../args/settings.ts';
import type { Timeouts } from '../library.ts';

/** The user's limits for each phase, which apply to the destination and to every jump host on the way. */
export function limitsOf(settings: Settings): Omit<Timeouts, 'total'> {
  const limits: Omit<Timeouts, 'total'> = {};
  for (const { name } of connectPhases) {
    const limit = settings.duration(`${name}-timeout`);
    if (limit !== undefined) limits[name] = limit;
  }
  const channel = settings.duration('channel-timeout');
  if (channel !== undefined) limits.channel = channel;
  return limits;
}
