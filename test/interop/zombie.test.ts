import { expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { defaultRetry, defaultTimeouts } from '../../src/options/defaults.ts';
import { pause } from '../support/outcome.ts';
import { knock, type TunnelledPc, tunnelledPc } from '../support/tunnelled-pc.ts';

/** A tenth of production's: ClientAlive 10 x 3, the library's defaults, a worker that tries every 5 s. */
const scale = 10;
const clientAlive = ['ClientAliveInterval 1', 'ClientAliveCountMax 3'];
/** How long the naive worker is watched, in milliseconds. */
const patience = 45_000;

/** Freezes the PC's client; milliseconds until the gateway has freed the port, or undefined. */
async function freedAfter({ client, isPublished }: TunnelledPc, limit: number): Promise<number | undefined> {
  client.kill('SIGSTOP');
  const start = performance.now();
  while (performance.now() - start < limit) {
    if (!(await isPublished())) return performance.now() - start;
    await pause(50);
  }
  return undefined;
}

/** The library with its defaults, scaled, until the port refuses. */
async function libraryWorker(
  { pc, host, port }: TunnelledPc,
  signal: AbortSignal,
  codes: string[],
): Promise<void> {
  const { minDelay, maxDelay, quiet } = defaultRetry;
  await connectViaGateway({
    host,
    port,
    username: pc.username,
    privateKey: pc.privateKey,
    hostKey: { key: pc.hostPublicKey },
    timeouts: { banner: defaultTimeouts.banner / scale },
    retry: {
      minDelay: minDelay / scale,
      maxDelay: maxDelay / scale,
      quiet: quiet / scale,
      attempts: Number.POSITIVE_INFINITY,
      onRetry: ({ code }) => codes.push(code),
    },
    signal,
  }).catch(() => {});
}

async function naiveWorker({ port }: TunnelledPc, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const next = pause(5_000 / scale);
    await knock(port, 400);
    await next;
  }
}

it('a zombie dies in spite of the library, and not beside a naive loop', {
  timeout: 120_000,
  retry: 1,
}, async () => {
  await using alone = await tunnelledPc(clientAlive);
  await using patient = await tunnelledPc(clientAlive);
  await using pestered = await tunnelledPc(clientAlive);
  const stop = new AbortController();
  const codes: string[] = [];
  const library = libraryAfterFreeze(patient, stop.signal, codes);
  const naive = naiveAfterFreeze(pestered, stop.signal);
  const [undisturbed, withLibrary, withNaive] = await Promise.all([
    freedAfter(alone, patience),
    freedAfter(patient, patience),
    freedAfter(pestered, patience),
  ]);
  stop.abort();
  await Promise.all([library, naive]);
  const shown = (ms: number | undefined) =>
    ms === undefined ? `not within ${patience / 1000} s` : `after ${(ms / 1000).toFixed(1)} s`;
  console.log(
    `port freed: nobody connects: ${shown(undisturbed)}; the library retries (${codes.join(', ')}): ${shown(withLibrary)}; a try every ${5 / scale} s: ${shown(withNaive)}`,
  );
  expect(undisturbed).toBeDefined();
  expect(withLibrary).toBeDefined();
  expect(withLibrary ?? 0).toBeLessThan(4 * (undisturbed ?? 0) + 2_000);
  expect(withNaive).toBeUndefined();
  expect(codes[0]).toBe('SSH_BANNER_TIMEOUT');
});

/** The first connect must meet the frozen client, not the living one. */
async function libraryAfterFreeze(world: TunnelledPc, signal: AbortSignal, codes: string[]): Promise<void> {
  await pause(200);
  await libraryWorker(world, signal, codes);
}

async function naiveAfterFreeze(world: TunnelledPc, signal: AbortSignal): Promise<void> {
  await pause(200);
  await naiveWorker(world, signal);
}
