/** Looks at a value as it was typed; `source` is what the user knows it by: `--port`, `SSH_VIA_GATEWAY_PORT`. */
export type ValueCheck = (text: string, source: string) => void;

/** One option of the command line. Help, environment and parsing all come from this record. */
export interface OptionSpec {
  /** The long name, without dashes. */
  name: string;
  short?: string;
  /** What stands for the value in the help. An option without is a switch. */
  value?: string;
  /** May be given more than once. */
  multiple?: boolean;
  /** Can be set by the environment variable `SSH_VIA_GATEWAY_<NAME>` too. */
  env?: boolean;
  /** Throws a UsageError for a value that cannot be right. Asked before the command does anything. */
  check?: ValueCheck;
  help: string;
  /** What holds where it is not given, as the help says it: a value of the code that uses it, or words. */
  default?: string;
}

/** The environment variable that stands in for an option. */
export function variableOf(name: string): string {
  return `SSH_VIA_GATEWAY_${name.toUpperCase().replaceAll('-', '_')}`;
}
