import type { OptionSpec } from '../args/option-spec.ts';
import type { Settings } from '../args/settings.ts';
import type { Io } from '../io.ts';

/** What a command gets to work with. */
export interface Call {
  settings: Settings;
  positionals: readonly string[];
  /** What follows the destination, for commands with `hasRest`. */
  rest: readonly string[];
  io: Io;
}

/** One command of the program: how it is called, what its help says, what it does. */
export interface CliCommand {
  name: string;
  /** One line for the list of commands. */
  summary: string;
  /** How it is called, without the program's name. */
  usage: readonly string[];
  /** What one should know before using it, in paragraphs. */
  about: readonly string[];
  options: readonly OptionSpec[];
  /** Understands the options of a connection. */
  connects: boolean;
  /** Options of a connection that it does not take, because they would mean something else. */
  leavesOut?: readonly string[];
  /** Options of a connection that it takes, so that a line fits every command, but has no use for: its help leaves them out. */
  idle?: readonly string[];
  /** Its own defaults of options of a connection, which it uses and its help shows. */
  defaults?: Readonly<Record<string, string>>;
  hasRest?: boolean;
  /** What it is for, and the line that does it. */
  examples: ReadonlyArray<readonly [what: string, line: string]>;
  exitCodes: ReadonlyArray<readonly [code: string, meaning: string]>;
  /** Resolves with the exit code. */
  run(call: Call): Promise<number>;
}
