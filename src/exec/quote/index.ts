import { quoteCmd } from './cmd.ts';
import { quotePosix } from './posix.ts';
import { quotePowerShell } from './powershell.ts';

/**
 * An argument array as one command string for the shell that will read it: the program starts with exactly these
 * arguments, whatever they contain. What cannot be passed is refused with a TypeError, never changed.
 */
export const quote: {
  readonly posix: (argv: readonly string[]) => string;
  readonly cmd: (argv: readonly string[]) => string;
  readonly powershell: (argv: readonly string[]) => string;
} = { posix: quotePosix, cmd: quoteCmd, powershell: quotePowerShell };
