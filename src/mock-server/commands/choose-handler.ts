import type { ExecHandler, MockCommand, MockServerOptions } from '../types.ts';

/** What the server's `exec` option defines for a command. */
export function chooseHandler(
  { exec }: MockServerOptions,
  command: string,
): MockCommand | ExecHandler | undefined {
  if (typeof exec === 'function' || exec === undefined) return exec;
  return Object.hasOwn(exec, command) ? exec[command] : undefined;
}
