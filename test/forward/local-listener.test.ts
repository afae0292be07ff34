import { createServer } from 'node:net';
import { expect, it, vi } from 'vitest';
import { listenLocally } from '../../src/forward/local-listener.ts';
import type { Link } from '../../src/ssh2/channels/link.ts';
import { LostSignal } from '../../src/ssh2/transport/lost.ts';

vi.mock('node:net', async (original) => {
  const net = await original<typeof import('node:net')>();
  return { ...net, createServer: vi.fn(net.createServer) };
});

it('keeps half-close, reads nothing before the channel is open, and uses TCP_NODELAY', async () => {
  const lost = new LostSignal();
  const link = { lost, where: { host: 'pc', port: 22 } } as unknown as Link;
  const forward = await listenLocally(link, { host: '127.0.0.1', port: 0 }, {}, async () => {});
  expect(vi.mocked(createServer).mock.calls).toEqual([
    [{ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }],
  ]);
  expect(lost.listenerCount).toBe(1);
  await forward.close();
  expect(lost.listenerCount).toBe(0);
});
