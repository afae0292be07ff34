import type { ReclaimEvidence, ReclaimRefusal } from '../types.ts';
import type { PortWanted } from './holder.ts';

/** One process of the gateway, for ever: a pid may be used again, a pid with its start time is not. */
export interface SessionId {
  pid: number;
  /** Clock ticks after boot, field 22 of /proc/PID/stat. */
  start: string;
  /** The gateway's boot id. */
  boot: string;
}

/** What came of noting a session. */
export type NoteAnswer =
  | { session: SessionId; wanted?: PortWanted | undefined; byHelper?: true }
  | { failed: ReclaimRefusal; message: string };

/** What came of reclaiming a port. */
export type ReclaimResult =
  | { kind: 'reclaimed'; pid: number; evidence: ReclaimEvidence; silentMs?: number; holder?: string }
  /** Nobody holds the port any more. */
  | { kind: 'free' }
  | Refused;

export interface Refused {
  kind: 'refused';
  reason: ReclaimRefusal;
  message: string;
  /** Milliseconds before which the same would be said again. */
  retryIn?: number;
  /** The session of another tunnel that has taken the port from this one. */
  lostTo?: string;
}
