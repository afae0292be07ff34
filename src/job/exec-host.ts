import { exec } from '../exec/exec.ts';
import type { SessionOpener } from '../exec/types.ts';
import { maxPiece } from './commands.ts';
import type { JobHost } from './types.ts';

/** Jobs over a connection's sessions. */
export function execHost(opener: SessionOpener): JobHost {
  return {
    windows: /OpenSSH_for_Windows/i.test(opener.serverVersion ?? ''),
    where: opener.where,
    run(line, { stdin, timeout, signal }) {
      return exec(opener, line, {
        ...(stdin === undefined ? {} : { stdin }),
        ...(signal === undefined ? {} : { signal }),
        ...{ encoding: 'buffer', reject: false, timeout, maxBuffer: 8 * maxPiece },
      });
    },
  };
}
