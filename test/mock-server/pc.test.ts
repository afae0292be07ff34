import { describe, expect, it } from 'vitest';
import { startMockGateway } from '../../src/mock-server/index.ts';
import { login, run, until, visit, watchHandles } from './support.ts';

describe('a PC behind a mock gateway', () => {
  it('is reached at its published port', async () => {
    await using gateway = await startMockGateway();
    const pc = await gateway.addPc({ server: { exec: { hostname: { stdout: 'PC-12\n' } } } });
    expect(pc.state).toBe('up');
    expect(pc.server.port).toBe(pc.port);
    const client = await login({ host: gateway.host, port: pc.port });
    expect((await run(client, 'hostname')).stdout).toBe('PC-12\n');
    expect(pc.server.journal.map((entry) => entry.type)).toContain('exec');
  });

  it('that vanishes accepts silently until the zombie dies, then resets connections and refuses', async () => {
    await using gateway = await startMockGateway();
    const pc = await gateway.addPc();
    const worker = await login({ host: gateway.host, port: pc.port });
    let workerEnd = '';
    worker.on('error', (error) => {
      workerEnd = error.message;
    });
    pc.vanish({ zombieFor: 150 });
    expect(pc.state).toBe('zombie');
    const waiting = visit(pc.port);
    expect(await waiting.ended).toBe('rst');
    expect(waiting.received().length).toBe(0);
    await until(() => workerEnd !== '');
    expect(workerEnd).toMatch(/ECONNRESET/);
    expect(pc.state).toBe('down');
    expect(await visit(pc.port).ended).toBe('ECONNREFUSED');
  });

  it('is kept as a zombie by new connections, unless told otherwise', async () => {
    await using gateway = await startMockGateway();
    const kept = await gateway.addPc();
    const left = await gateway.addPc();
    kept.vanish({ zombieFor: 250 });
    left.vanish({ zombieFor: 250, wakes: false });
    for (let turn = 0; turn < 8; turn++) {
      for (const pc of [kept, left]) if (pc.state === 'zombie') visit(pc.port);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    expect(left.state).toBe('down');
    expect(kept.state).toBe('zombie');
    await until(() => kept.state === 'down');
  });

  it('comes back at the same port once its zombie is dead, not before', async () => {
    await using gateway = await startMockGateway();
    const pc = await gateway.addPc();
    pc.vanish({ zombieFor: 200 });
    const back = pc.return();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(pc.state).toBe('zombie');
    await back;
    expect(pc.state).toBe('up');
    await login({ host: gateway.host, port: pc.port });
  });

  it('is reachable again at once when its zombie is ended', async () => {
    await using gateway = await startMockGateway();
    const pc = await gateway.addPc();
    pc.vanish();
    const back = pc.return();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await pc.endZombie();
    await back;
    await login({ host: gateway.host, port: pc.port });
  });

  it('whose sshd is down accepts, then closes without data', async () => {
    await using gateway = await startMockGateway();
    const pc = await gateway.addPc();
    const worker = await login({ host: gateway.host, port: pc.port });
    const lost = new Promise<void>((resolve) => worker.on('close', () => resolve()));
    pc.stopSshd();
    await lost;
    const visitor = visit(pc.port, gateway.host, 'SSH-2.0-test\r\n');
    expect(await visitor.ended).toBe('fin');
    expect(visitor.received().length).toBe(0);
    pc.startSshd();
    await login({ host: gateway.host, port: pc.port });
  });

  it('whose tunnel is down refuses until the tunnel returns', async () => {
    await using gateway = await startMockGateway();
    const pc = await gateway.addPc();
    await pc.dropTunnel();
    expect(await visit(pc.port).ended).toBe('ECONNREFUSED');
    const start = performance.now();
    await pc.return({ delayMs: 80 });
    expect(performance.now() - start).toBeGreaterThan(70);
    await login({ host: gateway.host, port: pc.port });
  });

  it('leaves nothing behind, in whatever state the gateway is closed', async () => {
    const leftBehind = await watchHandles();
    const gateway = await startMockGateway();
    const pcs = await Promise.all([gateway.addPc(), gateway.addPc(), gateway.addPc(), gateway.addPc()]);
    const visitors = pcs.map((pc) => visit(pc.port));
    await until(() => pcs.every((pc) => pc.server.journal.length > 0));
    pcs[1]?.vanish({ zombieFor: 60_000 });
    pcs[2]?.stopSshd();
    await pcs[3]?.dropTunnel();
    const back = pcs[3]?.return({ delayMs: 60_000 });
    visitors.push(visit(pcs[1]?.port ?? 0));
    await gateway.close();
    await back;
    await Promise.all(visitors.map((visitor) => visitor.ended));
    for (const visitor of visitors) visitor.socket.destroy();
    expect(await leftBehind()).toEqual([]);
  });
});
