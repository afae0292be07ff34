export {
  type Attempt,
  isSshError,
  type Phase,
  SshError,
  type SshErrorDetails,
} from './base.ts';
export * from './commands.ts';
export * from './connecting.ts';
export type * from './details.ts';
export * from './jobs.ts';
export { phaseTimeout } from './phase-timeout.ts';
export {
  type ConnectPhase,
  connectPhases,
  nextPhase,
  type PhaseLimits,
  type PhaseTimings,
  perPhase,
  type StreamPhase,
} from './phases.ts';
export * from './session.ts';
export * from './timeouts.ts';
