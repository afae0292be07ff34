import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { reset } from '../../src/forward/splice.ts';

it('closes a socket whose own half was ended just before, many times over', async () => {
  const accepted: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {}).resume();
    accepted.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  for (let turn = 0; turn < 50; turn++) {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.end();
    if (turn % 2) await once(socket, 'finish');
    const closed = once(socket, 'close');
    reset(socket);
    await closed;
    expect(socket.destroyed).toBe(true);
  }
  for (const socket of accepted) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});
