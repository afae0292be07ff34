import type { SshError } from './base.ts';

/** Where a call was made; an error that is born in a timer or a socket's callback knows nothing of it. */
export interface CallSite {
  readonly stack?: string;
}

/** Notes who called `callee`. Formatting the stack is left for when it is needed. */
export function callSite(callee: (...given: never[]) => unknown): CallSite {
  const site: CallSite = {};
  Error.captureStackTrace(site, callee);
  return site;
}

/** Lets the error's stack end with the caller of the library. */
export function blame<E extends SshError>(error: E, { stack = '' }: CallSite): E {
  const frames = stack.slice(stack.indexOf('\n') + 1);
  if (frames.includes('    at ') && !error.stack?.includes(frames)) error.stack = `${error.stack}\n${frames}`;
  return error;
}
