import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A way to a local port that takes `rtt` milliseconds there and back. */
export async function startRelay(port: number, rtt: number): Promise<{ port: number; close(): void }> {
  const child = fork(fileURLToPath(new URL('./relay-process.mjs', import.meta.url)), [
    String(port),
    String(rtt / 2),
  ]);
  const [relayPort] = (await once(child, 'message')) as [number];
  return { port: relayPort, close: () => child.kill() };
}
