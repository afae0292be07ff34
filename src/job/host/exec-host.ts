import { exec } from '../../exec/exec.ts';
import type { BufferExecOptions, SessionOpener } from '../../exec/types.ts';
import { labelled } from '../../observe/exec-trace.ts';
import { isWindowsServer } from '../../ssh2/transport/server-kind.ts';
import type { HostResult, JobHost } from '../types.ts';
import { maxPiece } from './commands.ts';

/** What observers are told instead of the scripts that start and inspect jobs. */
const helperLabel = '(job helper of ssh-via-gateway)';

/** What runs commands: a connection, or its sessions. */
interface CommandRunner {
  readonly where: JobHost['where'];
  /** The server's identification string, if known. */
  readonly serverVersion?: string | undefined;
  readonly sessionsLeft?: JobHost['sessionsLeft'];
  exec(line: string, options: BufferExecOptions): Promise<HostResult>;
}

/** A `JobHost` over anything that runs commands. */
export function jobHost(runner: CommandRunner): JobHost {
  const { where, serverVersion, sessionsLeft } = runner;
  return {
    where,
    windows: isWindowsServer(serverVersion),
    sessionsLeft,
    run(line, { stdin, onOutput, timeout, signal }) {
      const options: BufferExecOptions = {
        ...(stdin === undefined ? {} : { stdin }),
        ...(onOutput && { onStdout: onOutput }),
        signal,
        encoding: 'buffer',
        reject: false,
        timeout,
        maxBuffer: 8 * maxPiece,
      };
      return runner.exec(line, labelled(options, helperLabel));
    },
  };
}

/** A `JobHost` over a connection's sessions. */
export function execHost(opener: SessionOpener & { readonly sessionsLeft?: number }): JobHost {
  const { where, serverVersion } = opener;
  return jobHost({
    where,
    serverVersion,
    sessionsLeft: () => opener.sessionsLeft ?? Infinity,
    exec: (line, options) => exec(opener, line, options),
  });
}
