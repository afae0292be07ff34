import type { Client, ClientChannel } from 'ssh2';
import { describe, expect, it } from 'vitest';
import { startMockGateway } from '../../src/mock-server/index.ts';
import { call, login, run, sleep, until, visit, watchHandles } from './support.ts';

/** A tunnel client as `ssh -R` is one: its visitors get a greeting. */
async function holdPort(client: Client, port = 0): Promise<number> {
  client.on('tcp connection', (_info, accept) => accept().end('SSH-2.0-PC\r\n'));
  return call<number>((done) => client.forwardIn('localhost', port, done as never));
}

const greeting = async (port: number) => {
  const visitor = visit(port);
  await Promise.race([visitor.ended, until(() => visitor.received().length > 0)]);
  return visitor.received().toString();
};

describe('a mock gateway', () => {
  it('has an SSH server of its own, with commands', async () => {
    await using gateway = await startMockGateway({ exec: { 'ss -Htln': { stdout: 'LISTEN\n' } } });
    const client = await login(gateway.ssh);
    expect((await run(client, 'ss -Htln')).stdout).toBe('LISTEN\n');
  });

  it('publishes ports of its SSH clients, each once', async () => {
    await using gateway = await startMockGateway();
    const [first, second] = [await login(gateway.ssh), await login(gateway.ssh)];
    const port = await holdPort(first);
    expect(await greeting(port)).toBe('SSH-2.0-PC\r\n');
    await expect(holdPort(second, port)).rejects.toThrow('Unable to bind');
  });

  it('turns a client into a zombie, which holds its port until released', async () => {
    await using gateway = await startMockGateway();
    const [pc, next] = [await login(gateway.ssh), await login(gateway.ssh)];
    const port = await holdPort(pc);
    const reset = new Promise<string>((resolve) => pc.on('error', (error) => resolve(error.message)));
    gateway.freezeClient(port);
    const waiting = visit(port);
    expect(await Promise.race([waiting.ended, sleep(60)])).toBeUndefined();
    expect(waiting.received().length).toBe(0);
    await expect(holdPort(next, port)).rejects.toThrow('Unable to bind');
    gateway.releasePort(port);
    expect(await waiting.ended).toBe('rst');
    expect(await reset).toContain('ECONNRESET');
    expect(await holdPort(next, port)).toBe(port);
    expect(await greeting(port)).toBe('SSH-2.0-PC\r\n');
  });

  it('keeps a zombie whose client has closed its end unnoticed by the gateway', async () => {
    await using gateway = await startMockGateway();
    const pc = await login(gateway.ssh);
    const port = await holdPort(pc);
    gateway.freezeClient(port);
    pc.destroy();
    await until(() => gateway.ssh.connections === 0);
    await sleep(30);
    expect(await Promise.race([visit(port).ended, sleep(50)])).toBeUndefined();
  });

  it('reports when nothing holds a port', async () => {
    await using gateway = await startMockGateway();
    expect(() => gateway.freezeClient(1)).toThrow('no client holds port 1');
    expect(() => gateway.releasePort(1)).toThrow('no client holds port 1');
  });

  it('is a jump host to its PCs', async () => {
    await using gateway = await startMockGateway();
    const pc = await gateway.addPc({ server: { exec: { hostname: { stdout: 'PC-7\n' } } } });
    const jump = await login(gateway.ssh);
    const channel = await call<ClientChannel>((done) =>
      jump.forwardOut('127.0.0.1', 0, gateway.host, pc.port, done as never),
    );
    const client = await login({ host: 'behind', port: 22 }, { sock: channel });
    expect((await run(client, 'hostname')).stdout).toBe('PC-7\n');
  });

  it('serves many PCs, each at its own port', async () => {
    await using gateway = await startMockGateway();
    const pcs = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        gateway.addPc({ server: { exec: { id: { stdout: String(index) } } } }),
      ),
    );
    expect(new Set(pcs.map((pc) => pc.port)).size).toBe(10);
    expect(gateway.pcs).toHaveLength(10);
    const answers = pcs.map(
      async (pc) => (await run(await login({ host: gateway.host, port: pc.port }), 'id')).stdout,
    );
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 10 }, (_, index) => String(index)));
    await expect(gateway.addPc({ port: pcs[0]?.port ?? 0 })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('leaves nothing behind', async () => {
    const leftBehind = await watchHandles();
    const gateway = await startMockGateway();
    await gateway.addPc();
    const pc = await login(gateway.ssh);
    const port = await holdPort(pc);
    gateway.freezeClient(port);
    const waiting = visit(port);
    await gateway.ssh.waitFor('forward-visitor');
    const closed = new Promise<void>((resolve) => pc.on('close', () => resolve()));
    await gateway.close();
    await Promise.all([closed, waiting.ended]);
    waiting.socket.destroy();
    await expect(gateway.addPc()).rejects.toThrow('closed');
    expect(await leftBehind()).toEqual([]);
  });
});
