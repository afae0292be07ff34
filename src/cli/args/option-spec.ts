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
  help: string;
}

/** The environment variable that stands in for an option. */
export function variableOf(name: string): string {
  return `SSH_VIA_GATEWAY_${name.toUpperCase().replaceAll('-', '_')}`;
}
