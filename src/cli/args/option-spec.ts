/** Checks a value as it was typed; `source` is how the user knows it: `--port`, `SSH_VIA_GATEWAY_PORT`. */
export type ValueCheck = (text: string, source: string) => void;

/** One option of the command line. Help, environment variable and parsing are all derived from this record. */
export interface OptionSpec {
  /** The long name, without dashes. */
  name: string;
  short?: string;
  /** The placeholder for the value in the help. An option without it is a switch. */
  value?: string;
  /** May be given more than once. */
  multiple?: boolean;
  /** Can be set by the environment variable `SSH_VIA_GATEWAY_<NAME>` too. */
  env?: boolean;
  /** Throws a UsageError for an impossible value. Called before the command does anything. */
  check?: ValueCheck;
  help: string;
  /** The default as the help shows it: a value of the code that uses it, or words. */
  default?: string;
}

/** The environment variable that stands in for an option. */
export function variableOf(name: string): string {
  return `SSH_VIA_GATEWAY_${name.toUpperCase().replaceAll('-', '_')}`;
}
