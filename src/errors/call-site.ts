import type { SshError } from './base.ts';

/** Where a call was made: an error created in a timer or a socket's callback does not have it in its stack. */
export interface CallSite {
  readonly stack?: string;
}

/** Records who called `callee`. The stack is formatted only when it is needed. */
export function callSite(callee: (...given: never[]) => unknown): CallSite {
  const site: CallSite = {};
  Error.captureStackTrace(site, callee);
  return site;
}

/** Appends the caller of the library to the error's stack. */
export function blame<E extends SshError>(error: E, { stack = '' }: CallSite): E {
  const frames = stack.slice(stack.indexOf('\n') + 1);
  if (frames.includes('    at ') && !error.stack?.includes(frames)) error.stack = `${error.stack}\n${frames}`;
  return error;
}
