import { ConnectionLost, HandshakeFailed, type SshError } from '../../errors/index.ts';
import type { Situation } from '../transport/classify.ts';

/**
 * The error of a connection that we end because the server exceeded a limit; `what` it did follows the server's name.
 */
export function exceeded(what: string, { phase, host, port, hop }: Situation): SshError {
  const place = { phase, host, port, hop };
  const reason = `limit passed: ${what}`;
  const hint =
    'No server that follows the protocol does this: it is broken or hostile. It gets no more memory.';
  if (phase !== 'session') {
    const message = `The login at ${host}:${port} was ended here: ${what}`;
    return new HandshakeFailed(message, { ...place, reason, hint, retryable: false });
  }
  const message = `The connection to ${host}:${port} was ended here: ${what}`;
  return new ConnectionLost(message, { ...place, reason, hint, why: 'protocol', retryable: true });
}
