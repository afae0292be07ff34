import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { resetSocket } from '../../src/mock-server/wire/reset.ts';
import { watchHandles } from './support.ts';

/** Both ends of a connection; the client's is not read. */
async function pair(): Promise<{ ours: Socket; theirs: Socket; close(): void }> {
  const listener = createServer({ allowHalfOpen: true });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const accepted = new Promise<Socket>((resolve) => listener.once('connection', resolve));
  const theirs = connect((listener.address() as AddressInfo).port, '127.0.0.1');
  theirs.on('error', () => {}).pause();
  const ours = await accepted;
  ours.on('error', () => {});
  return { ours, theirs, close: () => listener.close() };
}

describe('a reset', () => {
  it('reaches the other side', async () => {
    const { ours, theirs, close } = await pair();
    const error = new Promise<NodeJS.ErrnoException>((resolve) => theirs.on('error', resolve));
    theirs.resume();
    resetSocket(ours);
    expect((await error).code).toBe('ECONNRESET');
    close();
  });

  it('also closes a socket that has ended with unsent data', async () => {
    const leftBehind = await watchHandles();
    const { ours, theirs, close } = await pair();
    // More than the kernel takes, so that the end waits.
    ours.end(Buffer.alloc(32 << 20));
    await new Promise(setImmediate);
    const closed = new Promise((resolve) => ours.on('close', resolve));
    resetSocket(ours);
    await closed;
    theirs.destroy();
    close();
    expect(await leftBehind()).toEqual([]);
  });

  it('of a closed socket does nothing', async () => {
    const { ours, theirs, close } = await pair();
    const closed = new Promise((resolve) => ours.on('close', resolve));
    ours.destroy();
    await closed;
    resetSocket(ours);
    theirs.destroy();
    close();
  });
});
