import { ConnectionLost, isSshError, type Phase, type SshError, type WhyLost } from '../../errors/index.ts';

/** Whose stream ended, and when. */
interface CarriedTo {
  host: string;
  port: number;
  phase: Phase;
  hop?: string | undefined;
}

/** How an error ended a connection. One that is not about the end of a stream is a decision of this library. */
export function whyOf(error: SshError): WhyLost {
  const { why, phase } = error as Partial<ConnectionLost>;
  return why ?? (phase === 'route' ? 'socket' : 'protocol');
}

/** `hint`, after that of the cause where this library ended the connection: what it warns of must not be overlooked. */
export function withWarning(cause: SshError, hint: string): string {
  return whyOf(cause) === 'protocol' && cause.hint ? `${cause.hint} ${hint}` : hint;
}

/** The stream ended because what carried it failed: a hop, or a program. That error is the reason, so all of it is told. */
export function lostOnTheWay(
  failure: SshError,
  { host, port, phase, hop }: CarriedTo,
  when: string,
): ConnectionLost {
  // A hop that was lost with the one before it has that one as its cause already.
  const first = isSshError(failure.cause) ? failure.cause : failure;
  const reason = first.hop === undefined ? first.message : `${first.hop} failed: ${first.message}`;
  return new ConnectionLost(`The connection to ${host}:${port} ended ${when}: ${reason}`, {
    phase,
    host,
    port,
    hop: first.hop ?? hop,
    why: whyOf(first),
    reason,
    cause: first,
    retryable: first.retryable,
    hint: first.hint,
  });
}
