import { Duplex, PassThrough } from 'node:stream';
import { expect, it, vi } from 'vitest';
import { Connections } from '../../src/forward/active-forwarding.ts';
import { splice } from '../../src/forward/splice.ts';

const silent = () => new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });

it.each(['left', 'right'] as const)(
  'ends the other stream with the %s one, and reports it once',
  async (first) => {
    const streams = { left: silent(), right: silent() };
    const done = vi.fn();
    splice(streams.left, streams.right, done);
    streams[first].destroy(new Error('reset'));
    await vi.waitFor(() => expect(done).toHaveBeenCalledTimes(1));
    expect([streams.left.destroyed, streams.right.destroyed]).toEqual([true, true]);
  },
);

it('delivers what was in flight to a stream even if its other one is gone', async () => {
  const written: string[] = [];
  let go = () => {};
  const slow = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      go = done;
    },
  });
  const gone = silent();
  gone.on('end', () => gone.destroy());
  const done = vi.fn();
  splice(gone, slow, done);
  gone.push('last words');
  gone.push(null);
  await vi.waitFor(() => expect(gone.closed).toBe(true));
  // Nobody hears this any more; unread, it would keep the stream from its end.
  slow.push('not heard');
  slow.push(null);
  await vi.waitFor(() => expect(slow.readableEnded).toBe(true));
  expect(slow.destroyed).toBe(false);
  expect(done).not.toHaveBeenCalled();
  go();
  await vi.waitFor(() => expect(done).toHaveBeenCalledTimes(1));
  expect(written).toEqual(['last words']);
});

it('closes the other one of a stream that is already closed', async () => {
  const [closed, other] = [silent(), silent()];
  closed.destroy();
  await new Promise((resolve) => closed.once('close', resolve));
  const done = vi.fn();
  splice(closed, other, done);
  await vi.waitFor(() => expect(done).toHaveBeenCalledTimes(1));
  expect(other.destroyed).toBe(true);
});

it('reports the failure of either half in a separate tick, whatever the listener throws', async () => {
  const told: unknown[] = [];
  const connections = new Connections((error) => {
    told.push(error);
    throw new Error('a bug of the user');
  });
  const [member, other] = [silent(), silent()];
  connections.add(member);
  connections.join(member, other);
  const [first, second] = [new Error('of the member'), new Error('of the other')];
  other.emit('error', second);
  member.emit('error', first);
  expect(told).toEqual([]);
  await Promise.resolve();
  expect(told).toEqual([second, first]);
  await connections.end();
});

it('closes a stream that arrives after the end of its forward', async () => {
  const connections = new Connections(undefined);
  const before = new PassThrough();
  connections.add(before);
  expect(connections.size).toBe(1);
  await connections.end();
  expect(before.destroyed).toBe(true);
  const late = new PassThrough();
  connections.add(late);
  expect(late.destroyed).toBe(true);
  const [member, other] = [silent(), silent()];
  connections.join(member, other);
  expect(member.destroyed).toBe(true);
  await vi.waitFor(() => expect(other.destroyed).toBe(true));
  expect(connections.size).toBe(0);
});
