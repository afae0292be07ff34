import type { Debugger } from 'debug';
import { loadDebug } from '../load/on-demand.ts';

/** The parts that can be watched one by one: `DEBUG=ssh-via-gateway:connect,ssh-via-gateway:auth`. */
type DebugTopic = 'connect' | 'auth' | 'exec' | 'sftp' | 'forward' | 'tunnel' | 'job';

/** Writes a line, formatted as `util.format` does. */
interface DebugLine {
  (format: string, ...parts: unknown[]): void;
  /** Whether anybody watches: for lines whose making costs something. */
  readonly enabled: boolean;
}

/**
 * Writes to stderr when the environment's `DEBUG` asks for it. What is given must hold no secret, and text from a
 * server must have been escaped.
 */
export function debugTopic(topic: DebugTopic): DebugLine {
  let debug: Debugger | undefined;
  // `debug.enable()` keeps its argument in the environment, too: while that is empty, the package is not needed.
  const watched = () => {
    if (!process.env['DEBUG']) return undefined;
    debug ??= loadDebug()(`ssh-via-gateway:${topic}`);
    return debug;
  };
  const line = (format: string, ...parts: unknown[]) => watched()?.(format, ...parts);
  return Object.defineProperty(line, 'enabled', { get: () => watched()?.enabled === true }) as DebugLine;
}

/** Not its message: an abort's reason is the caller's own, and may hold anything. */
export function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return (error as { code?: string }).code ?? error.name;
}
