import createDebug from 'debug';

/** The parts that can be watched one by one: `DEBUG=ssh-via-gateway:connect,ssh-via-gateway:auth`. */
export type DebugTopic = 'connect' | 'auth' | 'exec' | 'sftp' | 'forward' | 'tunnel' | 'job';

/**
 * Writes to stderr when the environment's `DEBUG` asks for it. What is given must hold no secret, and text from a
 * server must have been escaped.
 */
export function debugTopic(topic: DebugTopic): createDebug.Debugger {
  return createDebug(`ssh-via-gateway:${topic}`);
}

/** Not its message: an abort's reason is the caller's own, and may hold anything. */
export function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return (error as { code?: string }).code ?? error.name;
}
