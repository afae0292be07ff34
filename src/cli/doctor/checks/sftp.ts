import { quoted } from '../../../text/printable.ts';
import { now } from '../../../time/timer.ts';
import { type Connection, isSshError, type SshError } from '../../library.ts';
import { findingOfKind } from '../diagnose.ts';
import type { ErrorDetails } from '../kind-of.ts';
import type { FailureKind } from '../kinds.ts';
import type { Finding } from '../steps.ts';
import type { Visit } from '../visit.ts';

/** Share of the time of a whole run: nine seconds. */
const share = 1 / 6;

/** Whether files can be transferred: an SFTP session that answers. */
export async function checkSftp(connection: Connection, visit: Visit): Promise<Finding> {
  const started = now();
  try {
    const home = await visit.within(visit.limit(share), (signal) => homeOf(connection, signal));
    const ms = now() - started;
    if (home === 'late') {
      const silent = visit.failure('sftpSilent');
      return {
        verdict: 'fail',
        ...silent,
        kind: 'sftpSilent',
        todo: `${silent.todo} ${visit.words.logs}`,
        ms,
      };
    }
    return {
      verdict: 'ok',
      says: visit.words.sftp.ok(quoted(home.path, 100)),
      ms,
      facts: { home: home.path },
    };
  } catch (error) {
    visit.signal.throwIfAborted();
    if (!isSshError(error)) throw error;
    return findingOfKind(kindOf(error), error, visit.target, visit.words, now() - started);
  }
}

async function homeOf(connection: Connection, signal: AbortSignal): Promise<{ path: string }> {
  await using sftp = await connection.sftp({ signal });
  return { path: await sftp.realPath('.', { signal }) };
}

function kindOf(error: SshError): FailureKind {
  if (error.code === 'SSH_CONNECTION_LOST') return 'lost';
  if (error.code === 'SSH_CHANNEL_TIMEOUT') return 'sftpSilent';
  if (error.code === 'SSH_CHANNEL_OPEN_FAILED') {
    // Either the session itself was refused, or only the subsystem in it.
    return /subsystem/i.test(error.message) ? 'sftpRefused' : 'sessionRefused';
  }
  const { message, status } = error as SshError & ErrorDetails;
  if (status !== undefined) return 'sftpFails';
  return message.endsWith('the server ended it') ? 'sftpEnded' : 'sftpSpoilt';
}
