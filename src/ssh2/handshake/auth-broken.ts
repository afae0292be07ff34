import { AuthenticationFailed, HandshakeFailed } from '../../errors/index.ts';
import { printable } from '../../text/printable.ts';
import type { Situation } from '../transport/classify.ts';

/** A login that cannot go on because of an error on our side or because of what the server asks. */
export function authBroken(error: unknown, situation: Situation, hint?: string): AuthenticationFailed {
  const { host, port, hop, methodsTried } = situation;
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
export function passwordExpired(situation: Situation): AuthenticationFailed {
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
