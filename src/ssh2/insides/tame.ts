import { printable } from '../../text/printable.ts';

/**
 * ssh2 puts the server's own words into its errors, raw and at any length. As the `cause` of our errors, they would
 * reach logs and terminals like that, so they are escaped and truncated first.
 */
export function tame<T>(error: T): T | Error {
  if (!(error instanceof Error)) return error;
  const message = printable(error.message, 300);
  if (message === error.message) return error;
  const { code, level } = error as Error & { code?: unknown; level?: unknown };
  const copy = Object.assign(new Error(message), code === undefined ? {} : { code }, level ? { level } : {});
  copy.stack = `Error: ${message}${framesOf(error)}`;
  return copy;
}

function framesOf(error: Error): string {
  const head = `${error.name}: ${error.message}`;
  return error.stack?.startsWith(head) ? error.stack.slice(head.length) : '';
}
