import { expect, it, vi } from 'vitest';
import { startMockServer } from '../../src/mock-server/index.ts';
import { connectTo } from '../support/connect.ts';

it('keeps its timer running: a command creates none', async () => {
  await using server = await startMockServer();
  await using connection = await connectTo(server);
  await connection.exec('true');
  const made = vi.spyOn(globalThis, 'setInterval');
  try {
    for (let n = 0; n < 10; n++) await connection.exec('true');
    expect(made).not.toHaveBeenCalled();
  } finally {
    made.mockRestore();
  }
});

it('sends keepalives even to a server that answers commands all the time', async () => {
  await using server = await startMockServer();
  await using connection = await connectTo(server, { keepalive: { interval: 60, countMax: 3 } });
  const pings = () => server.journal.filter((entry) => entry.type === 'keepalive').length;
  const before = pings();
  const until = Date.now() + 5_000;
  while (pings() < before + 2 && Date.now() < until) await connection.exec('true');
  expect(pings()).toBeGreaterThanOrEqual(before + 2);
});
