import type { OptionSpec } from '../args/option-spec.ts';
import type { Settings } from '../args/settings.ts';
import type { Io } from '../io.ts';

/** What a command receives. */
export interface Call {
  settings: Settings;
  positionals: readonly string[];
  /** What follows the destination, for commands with `hasRest`. */
  rest: readonly string[];
  io: Io;
}

/** One command of the program: how to call it, what its help says, what it does. */
export interface CliCommand {
  name: string;
  /** One line for the list of commands. */
  summary: string;
  /** How to call it, without the program's name. */
  usage: readonly string[];
  /** What to know before using it; one string per paragraph. */
  about: readonly string[];
  options: readonly OptionSpec[];
  /** It accepts the options of a connection. */
  connects: boolean;
  /** Options of a connection that it rejects, because they would mean something else. */
  leavesOut?: readonly string[];
  /**
   * Options of a connection that it accepts but does not use, so that the same arguments fit every command; not in its
   * help.
   */
  idle?: readonly string[];
  /** Its own defaults for options of a connection, also shown in its help. */
  defaults?: Readonly<Record<string, string>>;
  hasRest?: boolean;
  /** A purpose, and the command line that serves it. */
  examples: ReadonlyArray<readonly [what: string, line: string]>;
  exitCodes: ReadonlyArray<readonly [code: string, meaning: string]>;
  /** Resolves to the exit code. */
  run(call: Call): Promise<number>;
}
