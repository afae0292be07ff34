import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A relay to a local port with a round trip of `rtt` milliseconds; TCP's own handshake is not delayed. */
export async function startRelay(port: number, rtt: number): Promise<{ port: number; close(): void }> {
  const script = fileURLToPath(new URL('./relay-process.mjs', import.meta.url));
  const child = fork(script, [String(port), String(rtt / 2)]);
  const [relayPort] = (await once(child, 'message')) as [number];
  return { port: relayPort, close: () => child.kill() };
}
