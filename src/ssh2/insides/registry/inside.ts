/** One or more undocumented members of ssh2 that we use or replace. */
export interface Inside {
  /** What we do with it. */
  use: string;
  /** What ssh2 lacks or does wrong. */
  fault: string;
  /** The source: an RFC, OpenSSH's documents, an issue of mscdex/ssh2, a file of ssh2. */
  source: string;
  /**
   * `safety`: without it, no connection is made. `speed`: without it everything works, but with more round trips,
   * more work or less detail.
   */
  need: 'safety' | 'speed';
  /** What it gains, measured separately; for `speed`. */
  figure?: string;
  /** The test file that would fail without it. */
  test: string;
  /** Paths from a connected client, and the type required there. */
  members: Readonly<Record<string, MemberType>>;
  /** The paths that we replace. */
  replaced?: readonly string[];
  /** Paths that exist only later (after a key exchange, on a channel), checked where they are used. */
  later?: readonly string[];
}

type MemberType = 'function' | 'number' | 'object' | 'boolean';

export const table = <Name extends string>(rows: Record<Name, Inside>): Readonly<Record<Name, Inside>> =>
  rows;
