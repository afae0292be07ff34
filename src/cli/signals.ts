import { Stopped } from './stopped.ts';

/** `SIGBREAK` is Ctrl-Break on Windows, `SIGHUP` a terminal or console that was closed. */
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGBREAK', 'SIGHUP'] as const;

/** The first signal asks the program to stop in an orderly way; a second one ends it at once. */
export function stopOnSignals(): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const listeners = availableSignals().map((name) => {
    const listener = () => {
      const stopped = new Stopped(name);
      if (controller.signal.aborted) process.exit(stopped.exitCode);
      controller.abort(stopped);
    };
    process.on(name, listener);
    return { name, listener };
  });
  const release = () => {
    for (const { name, listener } of listeners) process.off(name, listener);
  };
  return { signal: controller.signal, release };
}

/** Node supports SIGBREAK on Windows only, and throws for it elsewhere. */
function availableSignals(): NodeJS.Signals[] {
  return stopSignals.filter((name) => name !== 'SIGBREAK' || process.platform === 'win32');
}
