import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { startReverseTunnel } from '../../src/tunnel/keep/reverse-tunnel.ts';
import { freePort, startSshd } from '../support/sshd.ts';
import { startTunnelWorld, type TunnelWorld } from '../support/tunnel-world.ts';

async function work(world: TunnelWorld): Promise<string> {
  const retry = { attempts: 60, minDelay: 100, maxDelay: 250, quiet: 2_000 };
  await using connection = await connectViaGateway({ ...world.workerOptions(), retry });
  return (await connection.exec('echo from the pc')).stdout.trim();
}

function report(what: string, since: number): void {
  console.log(`time to recover: ${what}: ${Math.round(performance.now() - since)} ms`);
}

describe('a tunnel without reclaim', () => {
  let world: TunnelWorld;
  // Scaled: the zombie is given up after about 1 x (2 + 1) s, twice that on OpenSSH 9.2 to 9.4.
  beforeAll(async () => {
    world = await startTunnelWorld(['ClientAliveInterval 1', 'ClientAliveCountMax 2']);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  it('comes back by itself from whatever happens to it', { timeout: 180_000 }, async () => {
    const tunnel = await world.startTunnel();
    await tunnel.next('checked', { from: 0 });
    expect(await work(world)).toBe('from the pc');

    await world.networks.cut();
    await new Promise((resolve) => setTimeout(resolve, 700));
    await world.networks.mend();
    let since = performance.now();
    expect(await work(world)).toBe('from the pc');
    report('cable cut for 10 s (scaled: 0.7 s, shorter than the keepalive)', since);

    let from = tunnel.events.length;
    await world.networks.cut();
    await tunnel.next('down');
    await new Promise((resolve) => setTimeout(resolve, 8_000));
    await world.networks.mend();
    since = performance.now();
    await tunnel.next('up', { from });
    expect(await work(world)).toBe('from the pc');
    report('cable cut for 5 min (scaled: 10 s, longer than all keepalives)', since);

    from = tunnel.events.length;
    await world.gateway.stop();
    await tunnel.next('down', { from });
    await world.gateway.start();
    since = performance.now();
    await tunnel.next('up', { from });
    expect(await work(world)).toBe('from the pc');
    report('gateway restarted', since);

    from = tunnel.events.length;
    await world.pc.stop();
    expect(await tunnel.next('checked', { from })).toMatchObject({ result: 'target-down' });
    await world.pc.start();
    since = performance.now();
    expect(await work(world)).toBe('from the pc');
    report('sshd of the PC restarted', since);
    expect(await tunnel.next('checked', { from: from + 1 })).toMatchObject({ result: 'ok' });
    expect(tunnel.events.slice(from).map(({ type }) => type)).not.toContain('down');

    from = tunnel.events.length;
    since = performance.now();
    await world.networks.changePcAddress();
    await tunnel.next('up', { from });
    expect(await work(world)).toBe('from the pc');
    report('address of the PC changed, old session left to sshd', since);
  });
});

describe('1,000 forced reconnects', () => {
  it('leave nothing behind: handles, listeners and memory stay flat', { timeout: 900_000 }, async () => {
    setFlagsFromString('--expose_gc');
    const gc = runInNewContext('gc') as () => void;
    await using gateway = await startSshd({ config: ['MaxStartups 1000'] });
    const { host, port, username, privateKey } = gateway;
    const stop = new AbortController();
    const killed: number[] = [];
    let ups = 0;
    // What this test itself keeps is not counted: sshd's log.
    const samples: { heap: number; handles: number }[] = [];
    const tunnel = startReverseTunnel(connectViaGateway, {
      gateway: { host, port, username, privateKey, hostKey: { key: gateway.hostPublicKey } },
      listenPort: await freePort(),
      target: { host, port },
      reclaim: true,
      checkInterval: 60_000,
      retry: { minDelay: 1, maxDelay: 1 },
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'noted') {
          ups++;
          if (ups % 100 === 0) {
            gc();
            const handles = process.getActiveResourcesInfo().length;
            samples.push({ heap: process.memoryUsage().heapUsed - gateway.log().length, handles });
          }
          killed.push(event.pid);
          process.kill(event.pid, ups % 2 ? 'SIGKILL' : 'SIGTERM');
        }
      },
    });
    let end: { error: unknown; log: string } | undefined;
    void tunnel.closed.then((error) => {
      end = { error, log: gateway.log().slice(-2_000) };
    });
    const isOver = () => expect(end !== undefined || ups >= 1_000).toBe(true);
    await vi.waitFor(isOver, { timeout: 880_000, interval: 500 });
    expect(end).toBeUndefined();
    stop.abort();
    expect(await tunnel.closed).toBeUndefined();
    console.log(
      'every 100 reconnects:',
      samples.map(({ heap, handles }) => `${(heap / 1e6).toFixed(1)} MB, ${handles}`).join(' | '),
    );
    const [first, last] = [samples[1]!, samples.at(-1)!];
    expect(new Set(killed).size).toBeGreaterThan(990);
    expect(last.handles).toBeLessThanOrEqual(first.handles + 3);
    // One leaked connection holds tens of kilobytes; this is under three for each reconnect, notes of the test included.
    expect(last.heap - first.heap).toBeLessThan(2.5e6);
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
  });
});
