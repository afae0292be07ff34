import { expect, it, vi } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { startMockGateway } from '../../src/mock-server/index.ts';
import { startReverseTunnel } from '../../src/tunnel/keep/reverse-tunnel.ts';
import type { TunnelEvent } from '../../src/tunnel/types.ts';
import { freePort } from '../support/sshd.ts';

it('lets a second live tunnel on the same port wait until the first has gone', async () => {
  await using gateway = await startMockGateway();
  const pc = await gateway.addPc();
  const { ssh } = gateway;
  const listenPort = await freePort();
  const start = () => {
    const events: TunnelEvent[] = [];
    const tunnel = startReverseTunnel(connectViaGateway, {
      gateway: {
        ...{ host: ssh.host, port: ssh.port, username: ssh.username },
        privateKey: ssh.clientKey.privateKey,
        hostKey: { fingerprint: ssh.hostKey.fingerprint },
      },
      listenPort,
      target: { host: '127.0.0.1', port: pc.server.port },
      reclaim: true,
      checkInterval: 100,
      onEvent: (event) => events.push(event),
    });
    const until = (type: TunnelEvent['type']) =>
      vi.waitFor(() => expect(events.map((event) => event.type)).toContain(type), { timeout: 10_000 });
    return { tunnel, events, until };
  };
  const first = start();
  await first.until('checked');
  const second = start();
  await second.until('reclaim-refused');
  await second.until('port-taken');
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect(first.events.map(({ type }) => type)).not.toContain('down');
  expect(second.events.map(({ type }) => type)).not.toContain('reclaimed');
  expect(second.tunnel.status).toMatchObject({ state: 'waiting', for: 'port' });
  await first.tunnel.close();
  await second.until('up');
  await second.tunnel.close();
});
