import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import type { Connection } from '../../src/connection.ts';
import { endTunnel } from '../../src/tunnel/list/end-tunnel.ts';
import { listTunnels } from '../../src/tunnel/list/list.ts';
import type { TunnelProcess } from '../support/tunnel-process.ts';
import { startTunnelWorld, type TunnelWorld } from '../support/tunnel-world.ts';

const slow = ['ClientAliveInterval 120', 'ClientAliveCountMax 3'];

async function echo(connection: Connection): Promise<string> {
  return (await connection.exec('echo from the pc')).stdout.trim();
}

/** Connects as a worker does, without retries, and runs a command on the PC. */
async function work(world: TunnelWorld): Promise<string> {
  await using connection = await connectViaGateway({ ...world.workerOptions(), retry: false });
  return await echo(connection);
}

async function untilZombie(world: TunnelWorld): Promise<void> {
  const options = { ...world.workerOptions(), retry: false, timeouts: { banner: 700 } } as const;
  await expect(connectViaGateway(options)).rejects.toMatchObject({ code: 'SSH_BANNER_TIMEOUT' });
}

function report(what: string, ms: number): void {
  console.log(`time to recover: ${what}: ${Math.round(ms)} ms`);
}

describe('a PC that vanishes and comes back, at ClientAlive 120 x 3, with reclaim', () => {
  it('has its port again within 3 s when the line is back, while a worker waits with its defaults', async () => {
    await using world = await startTunnelWorld(slow);
    const tunnel = await world.startTunnel({ reclaim: true });
    await tunnel.next('noted', { from: 0 });
    expect(await work(world)).toBe('from the pc');
    await world.networks.cut();
    const down = await tunnel.next('down');
    expect(down.error?.code).toBe('SSH_CONNECTION_LOST');
    await untilZombie(world);
    // Not one setting changed: ten attempts, 60 s for the banner, 45 s of quiet.
    const worker = connectViaGateway(world.workerOptions());
    // Awaited further down. If the test fails before, its world goes, and the connection with it.
    worker.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const from = tunnel.events.length;
    // The router gave the PC's connection up in the meantime, as NAT does: the old one can never end by itself.
    await world.networks.changePcAddress();
    const back = performance.now();
    await tunnel.next('up', { from });
    const took = performance.now() - back;
    report('the port, reclaimed by the same process', took);
    expect(took).toBeLessThan(3_000);
    expect(tunnel.events.find(({ type }) => type === 'reclaimed')).toMatchObject({ evidence: 'own' });
    await using connection = await worker;
    expect(await echo(connection)).toBe('from the pc');
    const waited = performance.now() - back;
    report('the worker that had waited all the time', waited);
    expect(waited).toBeLessThan(15_000);
  });

  it('has its port again within 3 s when packets are let through again', async () => {
    await using world = await startTunnelWorld(slow);
    const tunnel = await world.startTunnel({ reclaim: true });
    await tunnel.next('noted', { from: 0 });
    await world.networks.cut();
    await tunnel.next('down');
    await untilZombie(world);
    const from = tunnel.events.length;
    await world.networks.mend();
    const mended = performance.now();
    await tunnel.next('up', { from });
    expect(await work(world)).toBe('from the pc');
    const took = performance.now() - mended;
    report('cable cut until the keepalive gave up', took);
    expect(took).toBeLessThan(3_000);
  });

  it('has its port again within 3 s when it was restarted, by the note of its predecessor', async () => {
    await using world = await startTunnelWorld(slow);
    const before = await world.startTunnel({ reclaim: true });
    await before.next('noted', { from: 0 });
    await world.networks.cut();
    await before.kill();
    await untilZombie(world);
    await world.networks.changePcAddress();
    const after = await world.startTunnel({ reclaim: true });
    const connecting = await after.next('connecting', { from: 0 });
    const started = performance.now() - (Date.now() - Date.parse(String(connecting.at)));
    await after.next('up', { from: 0 });
    expect(await work(world)).toBe('from the pc');
    const took = performance.now() - started;
    report('PC restarted with another address', took);
    expect(after.events.find(({ type }) => type === 'reclaimed')).toMatchObject({ evidence: 'note' });
    expect(took).toBeLessThan(3_000);
  });

  it('never ends a session that answers: a second keeper of the same port waits', async () => {
    await using world = await startTunnelWorld(slow);
    const first = await world.startTunnel({ reclaim: true });
    await first.next('noted', { from: 0 });
    const second = await world.startTunnel({ reclaim: { unnoted: 'only-session', quiet: 1_000 } });
    expect(await second.next('reclaim-refused', { from: 0 })).toMatchObject({ reason: 'answers' });
    await second.next('port-taken');
    expect(await work(world)).toBe('from the pc');
    expect(first.events.map(({ type }) => type)).not.toContain('down');
    await first.close();
    const from = second.events.length;
    await second.next('up', { from });
    expect(await work(world)).toBe('from the pc');
  });

  it('ends a session without a note only when told to, and only as the only one', async () => {
    await using world = await startTunnelWorld(slow);
    const plain = await world.startTunnel();
    await plain.next('checked', { from: 0 });
    await world.networks.cut();
    await plain.kill();
    await untilZombie(world);
    await world.networks.changePcAddress();
    const careful = await world.startTunnel({ reclaim: true });
    expect(await careful.next('reclaim-refused', { from: 0 })).toMatchObject({ reason: 'no-note' });
    const bold = await world.startTunnel({ reclaim: { unnoted: 'only-session', quiet: 1_000 } });
    expect(await bold.next('reclaim-refused', { from: 0 })).toMatchObject({ reason: 'several-sessions' });
    await careful.close();
    await bold.close();
    const alone = await world.startTunnel({ reclaim: { unnoted: 'only-session', quiet: 1_000 } });
    expect(await alone.next('reclaimed', { from: 0 })).toMatchObject({ evidence: 'only-session' });
    await alone.next('up', { from: 0 });
    expect(await work(world)).toBe('from the pc');
  });

  it('says why it cannot when the account has no shell, and still waits for the port', async () => {
    await using world = await startTunnelWorld([...slow, 'ForceCommand /bin/false']);
    const tunnel = await world.startTunnel({ reclaim: true });
    expect(await tunnel.next('note-failed', { from: 0 })).toMatchObject({ reason: 'no-shell' });
    const second = await world.startTunnel({ reclaim: true });
    const refused = await second.next('reclaim-refused', { from: 0 });
    expect(refused).toMatchObject({ reason: 'no-shell' });
    expect((refused as { message?: string }).message).toMatch(/no shell, a forced command/);
    await tunnel.close();
    await second.next('up', { from: 0 });
  });
});

describe('two PCs that have the same port', () => {
  const reclaim = { quiet: 2_000, backOff: 2_000 };
  const happened = (tunnel: TunnelProcess, type: string) =>
    tunnel.events.filter((event) => event.type === type).length;

  it('do not fight: both say so, and the one that waits has the port when the other has really died', {
    timeout: 240_000,
  }, async () => {
    await using world = await startTunnelWorld(slow);
    const a = await world.startTunnel({ reclaim }, 'pc-a');
    await a.next('checked', { from: 0 });
    const b = await world.startTunnel({ reclaim }, 'pc-b');
    expect(await b.next('reclaim-refused', { from: 0 })).toMatchObject({
      reason: expect.stringMatching(/^(recently-up|answers)$/),
      message: expect.stringMatching(/Another tunnel on pc-a holds it.*give one of them another/),
    });
    expect(await a.next('contested', { from: 0 })).toMatchObject({
      machine: 'pc-b',
      message: expect.stringContaining('Another tunnel on pc-b asked for this port'),
    });
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    expect([happened(a, 'down'), happened(b, 'up')]).toEqual([0, 0]);
    expect(await work(world)).toBe('from the pc');

    a.freeze();
    const frozen = performance.now();
    expect(await b.next('reclaimed', { from: 0 })).toMatchObject({ holder: 'pc-a', evidence: 'note' });
    await b.next('checked', { from: 0 });
    report('another PC takes a dead one’s port over', performance.now() - frozen);
    expect(await work(world)).toBe('from the pc');

    a.thaw();
    expect(await a.next('reclaim-refused')).toMatchObject({
      reason: 'taken-over',
      message: expect.stringMatching(/Another tunnel on pc-b has taken it from this one/),
    });
    expect(await b.next('contested', { from: 0 })).toMatchObject({ machine: 'pc-a' });
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    expect([happened(a, 'up'), happened(b, 'down')]).toEqual([1, 0]);

    b.freeze();
    const dead = performance.now();
    expect(await a.next('reclaimed')).toMatchObject({ holder: 'pc-b', evidence: 'note' });
    await a.next('checked');
    report('the port that another PC had taken over, after that one died', performance.now() - dead);
    expect(await work(world)).toBe('from the pc');
  });

  it('leave each other alone where one publishes what is not an SSH server', async () => {
    await using world = await startTunnelWorld(slow);
    const silent = await world.startTunnel({ reclaim, checkInterval: Infinity }, 'pc-a');
    await silent.next('noted', { from: 0 });
    silent.freeze();
    const other = await world.startTunnel({ reclaim: { ...reclaim, quiet: 0 } }, 'pc-b');
    expect(await other.next('reclaim-refused', { from: 0 })).toMatchObject({ reason: 'cannot-check' });
    silent.thaw();
    await silent.close();
    await other.next('up', { from: 0 });
  });
});

describe('the restrictions that docs/tunnels.md recommends for a tunnel’s key', () => {
  it('allow the forward, the check and the reclaim of its one port, and nothing else', async () => {
    await using world = await startTunnelWorld(slow);
    const file = join(dirname(world.gateway.privateKeyPath), 'authorized_keys');
    const options = `restrict,port-forwarding,permitlisten="*:${world.port}",permitopen="127.0.0.1:${world.port}"`;
    await writeFile(file, `${options} ${await readFile(file, 'utf8')}`);
    const before = await world.startTunnel({ reclaim: true });
    await before.next('noted', { from: 0 });
    expect(await before.next('checked', { from: 0 })).toMatchObject({ result: 'ok' });
    await world.networks.cut();
    await before.kill();
    await world.networks.changePcAddress();
    const after = await world.startTunnel({ reclaim: true });
    expect(await after.next('reclaimed', { from: 0 })).toMatchObject({ evidence: 'note' });
    await after.next('up', { from: 0 });
    expect(await work(world)).toBe('from the pc');
    await using connection = await connectViaGateway(world.gatewayOptions());
    const to = { host: '127.0.0.1', port: 22 };
    await expect(connection.forwardRemote({ ...to, listenPort: 9 + world.port })).rejects.toMatchObject({
      reason: 'not-permitted',
    });
    await expect(connection.openStream('127.0.0.1', world.gateway.port)).rejects.toMatchObject({
      reasonCode: 1,
    });
  });
});

describe('the tunnels of a gateway', () => {
  it('are listed with holder, age and verdict, and can be ended', async () => {
    await using world = await startTunnelWorld(slow);
    const tunnel = await world.startTunnel({ reclaim: true });
    await tunnel.next('noted', { from: 0 });
    await using connection = await connectViaGateway(world.gatewayOptions());
    const ports = [world.port, 9];
    const [alive, refused] = await listTunnels(connection, { ports, answerTimeout: 1_000 });
    expect(alive).toMatchObject({
      port: world.port,
      verdict: 'alive',
      user: world.gateway.username,
      pid: expect.any(Number),
      pidFrom: 'note',
      addresses: ['0.0.0.0'],
      banner: expect.stringMatching(/^SSH-2.0-OpenSSH/),
    });
    expect(Math.abs(Date.now() - Number(alive?.since))).toBeLessThan(30_000);
    expect(refused).toEqual({ port: 9, verdict: 'refused', addresses: [] });
    expect((await listTunnels(connection)).map(({ port }) => port)).toContain(world.port);

    await world.pc.stop();
    expect(await listTunnels(connection, { ports: [world.port] })).toMatchObject([{ verdict: 'pc-down' }]);
    await world.networks.cut();
    await tunnel.kill();
    expect(await listTunnels(connection, { ports: [world.port], answerTimeout: 700 })).toMatchObject([
      { verdict: 'silent', pid: alive?.pid },
    ]);
    expect(await endTunnel(connection, world.port)).toMatchObject({ ended: true, pid: alive?.pid });
    expect(await listTunnels(connection, { ports: [world.port] })).toMatchObject([{ verdict: 'refused' }]);
    expect(await endTunnel(connection, world.port)).toMatchObject({ ended: false, reason: 'refused' });
  });
});
