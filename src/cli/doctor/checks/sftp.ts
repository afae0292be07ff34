import { quoted } from '../../../text/printable.ts';
import { now } from '../../../time/timer.ts';
import { type Connection, isSshError } from '../../library.ts';
import { findingOf } from '../advice.ts';
import type { Finding } from '../steps.ts';

/** Whether files can be moved: an SFTP session that answers. Nothing is written. */
export async function checkSftp(connection: Connection, signal: AbortSignal): Promise<Finding> {
  const started = now();
  try {
    await using sftp = await connection.sftp({ signal });
    const home = await sftp.realPath('.', { signal });
    return {
      verdict: 'ok',
      says: `SFTP answers; it begins at ${quoted(home, 100)}`,
      ms: now() - started,
      facts: { home },
    };
  } catch (error) {
    if (!isSshError(error)) throw error;
    return {
      ...findingOf(error, now() - started),
      todo: 'sshd_config needs a line for it: "Subsystem sftp sftp-server.exe" on Windows. A shell that speaks when it starts (see exec) breaks it as well.',
    };
  }
}
