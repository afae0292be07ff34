/** A member of ssh2, or several, that we use or replace without its documentation knowing of it. */
export interface Inside {
  /** What we do with it. */
  use: string;
  /** What ssh2 lacks or does wrong. */
  fault: string;
  /** Where that can be read: an RFC, OpenSSH's documents, an issue of mscdex/ssh2, a file of ssh2's. */
  source: string;
  /**
   * `safety`: without it there is no connection. `speed`: without it everything works, with more round trips, more
   * work or fewer words.
   */
  need: 'safety' | 'speed';
  /** What it brings, measured by itself; for what is not a safety. */
  figure?: string;
  /** The file that would fail. */
  test: string;
  /** Paths from a client that has connected, and the type that must be there. */
  members: Readonly<Record<string, MemberType>>;
  /** Those of the paths that we put something of our own in place of. */
  replaced?: readonly string[];
  /** What is there only later (after a key exchange, on a channel), and is looked at where it is used. */
  later?: readonly string[];
}

export type MemberType = 'function' | 'number' | 'object';

export const table = <Name extends string>(rows: Record<Name, Inside>): Readonly<Record<Name, Inside>> =>
  rows;
