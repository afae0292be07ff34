import type { ReclaimEvidence, ReclaimRefusal } from '../types.ts';
import type { PortWanted } from './holder.ts';

/** Identifies one process on the gateway for all time: a pid is reused, but not together with its start time. */
export interface SessionId {
  pid: number;
  /** Clock ticks after boot, field 22 of /proc/PID/stat. */
  start: string;
  /** The gateway's boot id. */
  boot: string;
}

/** The outcome of noting a session. */
export type NoteAnswer =
  | { session: SessionId; wanted?: PortWanted | undefined; byHelper?: true }
  | { failed: ReclaimRefusal; message: string };

/** The outcome of reclaiming a port. */
export type ReclaimResult =
  | { kind: 'reclaimed'; pid: number; evidence: ReclaimEvidence; silentMs?: number; holder?: string }
  /** Nobody holds the port any more. */
  | { kind: 'free' }
  | Refused;

export interface Refused {
  kind: 'refused';
  reason: ReclaimRefusal;
  message: string;
  /** Milliseconds within which a retry would have the same outcome. */
  retryIn?: number;
  /** The session of another tunnel that has taken the port from this one. */
  lostTo?: string;
}
