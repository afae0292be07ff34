import { observeExec } from '../observe/exec-trace.ts';
import { RunningCommand } from './command.ts';
import { Execution } from './execution.ts';
import { resolveScript } from './options.ts';
import { createClixmlFilter } from './output/clixml.ts';
import { createDecoder, type Decoder } from './output/decode.ts';
import type {
  BufferPowerShellOptions,
  Command,
  PowerShellOptions,
  SessionOpener,
  TextPowerShellOptions,
} from './types.ts';

/**
 * Runs a PowerShell script on the server with `-NoProfile -NonInteractive -EncodedCommand`. Output is forced to UTF-8;
 * with another `encoding` the PC's own code page remains. `$ErrorActionPreference` is `Stop`: an error that the script
 * does not catch gives exit code 1. A script that runs to its end gives the exit code of the last program it ran. A
 * script too long for a command line is sent through stdin, before the caller's own input.
 *
 * `command` in the result and in errors is the script. Settles as `exec` does.
 *
 * @throws {TypeError | RangeError} synchronously, for invalid arguments; nothing is sent.
 */
export function powershell(
  opener: SessionOpener,
  script: string,
  options: BufferPowerShellOptions,
): Command<Buffer>;
export function powershell(opener: SessionOpener, script: string, options?: TextPowerShellOptions): Command;
export function powershell(
  opener: SessionOpener,
  script: string,
  options?: PowerShellOptions,
): Command | Command<Buffer>;
export function powershell(
  opener: SessionOpener,
  script: string,
  options: PowerShellOptions = {},
): Command<never> {
  const request = resolveScript(script, options, opener.serverVersion);
  const { encoding } = request;
  const decodeStderr = encoding === 'buffer' ? undefined : () => withoutClixml(createDecoder(encoding));
  const observer = observeExec(opener.where, script, options);
  const execution = new Execution(opener, { ...request, decodeStderr }, observer);
  return new RunningCommand(execution, encoding);
}

/** Windows PowerShell writes warnings and other messages to stderr as XML. */
function withoutClixml(decoder: Decoder): Decoder {
  const filter = createClixmlFilter();
  return {
    write: (chunk) => filter.write(decoder.write(chunk)),
    end: () => filter.write(decoder.end()) + filter.end(),
  };
}
