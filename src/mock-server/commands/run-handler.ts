import { commandCheck } from '../option-checks.ts';
import type { ExecContext, ExecHandler, MockCommand } from '../types.ts';

/** Runs a command as the server's `exec` option defines it; `play` performs what is given as data. */
export async function runHandler(
  context: ExecContext,
  handler: MockCommand | ExecHandler | undefined,
  play: (command: MockCommand) => void,
): Promise<void> {
  if (handler === undefined) return context.fallback();
  if (typeof handler !== 'function') return play(handler);
  try {
    const result = await handler(context);
    if (typeof result === 'number') return context.exit(result);
    if (typeof result === 'string') return play({ stdout: result });
    if (!result) return;
    commandCheck('options', result);
    play(result);
  } catch (error) {
    const said = error instanceof Error ? error.message : error;
    play({ stderr: `mock command failed: ${said}\n`, exitCode: 255 });
  }
}
