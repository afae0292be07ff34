import { exec } from '../exec/exec.ts';
import type { BufferExecOptions, SessionOpener } from '../exec/types.ts';
import { labelled } from '../observe/exec-trace.ts';
import { maxPiece } from './commands.ts';
import type { JobHost } from './types.ts';

/** What observers are told of the commands that start jobs and look at them. */
export const helperLabel = '(job helper of ssh-via-gateway)';

/** Jobs over a connection's sessions. */
export function execHost(opener: SessionOpener): JobHost {
  return {
    windows: /OpenSSH_for_Windows/i.test(opener.serverVersion ?? ''),
    where: opener.where,
    run(line, { stdin, timeout, signal }) {
      const options: BufferExecOptions = {
        ...(stdin === undefined ? {} : { stdin }),
        ...(signal === undefined ? {} : { signal }),
        ...{ encoding: 'buffer', reject: false, timeout, maxBuffer: 8 * maxPiece },
      };
      return exec(opener, line, labelled(options, helperLabel));
    },
  };
}
