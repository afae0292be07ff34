import { AuthenticationFailed } from '../../errors/index.ts';
import { printable } from '../../text/printable.ts';
import type { Situation } from '../transport/classify.ts';

/** A login that cannot go on for a reason of our own, or of what the server asks. */
export function authBroken(error: unknown, situation: Situation): AuthenticationFailed {
  const { host, port, hop, methodsTried } = situation;
  const said = error instanceof Error ? printable(error.message) : 'no reason given';
  return new AuthenticationFailed(`The login at ${host}:${port} could not go on: ${said}`, {
    ...{ phase: 'auth', host, port, hop },
    methodsTried: [...methodsTried],
    cause: error,
  });
}
