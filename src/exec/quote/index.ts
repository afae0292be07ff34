import { quoteCmd } from './cmd.ts';
import { quotePosix } from './posix.ts';
import { quotePowerShell } from './powershell.ts';

/**
 * Quotes an argument array as one command string for the given shell. The program gets exactly these arguments,
 * whatever they contain.
 * @throws {TypeError} for an argument that the shell cannot pass.
 */
export const quote: {
  readonly posix: (argv: readonly string[]) => string;
  readonly cmd: (argv: readonly string[]) => string;
  readonly powershell: (argv: readonly string[]) => string;
} = { posix: quotePosix, cmd: quoteCmd, powershell: quotePowerShell };
