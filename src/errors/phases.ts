import type { Phase, PhaseTimings } from './base.ts';

/**
 * The phases of an attempt to connect, in their order: what `timings` has a figure for, `timeouts` a limit (by
 * default these milliseconds), and the command line an option.
 */
export const connectPhases = [
  { name: 'tcp', timeout: 30_000, lasts: 'until TCP accepts, per attempt' },
  { name: 'banner', timeout: 60_000, lasts: 'from there to the identification line (SSH-2.0-...)' },
  { name: 'handshake', timeout: 30_000, lasts: 'for the key exchange' },
  { name: 'auth', timeout: 30_000, lasts: 'for the login' },
] as const satisfies readonly { name: Phase & keyof PhaseTimings; timeout: number; lasts: string }[];

export type ConnectPhase = (typeof connectPhases)[number]['name'];

/** One value for each phase. */
export function perPhase<T>(valueFor: (phase: (typeof connectPhases)[number]) => T): Record<ConnectPhase, T> {
  const entries = connectPhases.map((phase) => [phase.name, valueFor(phase)]);
  return Object.fromEntries(entries) as Record<ConnectPhase, T>;
}

/** The phase that comes next after those with a figure. */
export function nextPhase(timings: Partial<PhaseTimings>): ConnectPhase {
  return connectPhases.find(({ name }) => timings[name] === undefined)?.name ?? 'auth';
}
