import { AuthenticationFailed, HandshakeFailed, type SshError } from '../../errors/index.ts';
import { outOfFiles } from '../../errors/own-limits.ts';
import { printable } from '../../text/printable.ts';
import { AgentOutOfFiles } from '../login/agent-client.ts';
import type { Situation } from '../transport/classify.ts';

/** A login that cannot go on because of an error on our side or because of what the server asks. */
export function authBroken(error: unknown, situation: Situation, hint?: string): SshError {
  const { host, port, hop, methodsTried } = situation;
  const lack =
    error instanceof AgentOutOfFiles && outOfFiles(error.cause, { phase: 'auth', host, port, hop });
  if (lack) return lack;
  const said = error instanceof Error ? printable(error.message) : 'no reason given';
  return new AuthenticationFailed(`The login at ${host}:${port} could not go on: ${said}`, {
    phase: 'auth',
    host,
    port,
    hop,
    methodsTried: [...methodsTried],
    hint,
    cause: error,
  });
}

/** RFC 4252 section 8: the server demands a new password before it goes on, and there is nobody to choose one. */
export function passwordExpired(situation: Situation): SshError {
  const hint = 'Set a new one on the machine itself (passwd; on Windows: net user NAME *), and give that.';
  return authBroken(new Error('the password has expired'), situation, hint);
}

/** The server agreed to send a host certificate and sent something else. */
export function invalidCertificate({ host, port, hop }: Situation): HandshakeFailed {
  return new HandshakeFailed(
    `${host}:${port} shows a host certificate that is damaged, of another type than negotiated, or not signed by the authority that it names`,
    {
      phase: 'handshake',
      host,
      port,
      hop,
      retryable: false,
      hint: 'Sign the host key again (ssh-keygen -s CA -h), or name plain algorithms in algorithms.serverHostKey.',
    },
  );
}
