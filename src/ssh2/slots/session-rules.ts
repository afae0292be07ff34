/** What sshd allows by default. */
export const usualLimit = 10;

/** How long (milliseconds) nothing must happen before a second session is tried on a server that may not allow it. */
export const patience = 2_000;

/**
 * sshd counts a session until its process is reaped and our CLOSE has been read. For this long (milliseconds) after the
 * last session has ended, a refusal can still mean that, although no other session is open.
 */
export const lagWhenAlone = 5_000;

/** Called when a session may be opened; `probe` if it is one more than the server is known to allow. */
export type Grant = (probe: boolean) => void;

export interface SlotWaiter {
  ticket: number;
  grant: Grant;
}

export interface SessionRules {
  /** What the server is assumed to allow at first. */
  limit?: number | undefined;
  /** Given by the user: nothing beyond it is tried. */
  most?: number | undefined;
  /**
   * Whether the server is known to allow several sessions on one connection. Some devices end the connection over a
   * second one, so if this is false, there is only one at a time until a second one has been tried and accepted.
   */
  takesSeveral?: boolean | undefined;
  /** Told what the server allows. */
  learns?: Learns | undefined;
}

interface Learns {
  /** It has had so many sessions open at once. */
  took(sessions: number): void;
  /** It has refused one beside so many. */
  refusedBeside(sessions: number): void;
}
