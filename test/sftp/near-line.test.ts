import { Readable } from 'node:stream';
import { expect, it, vi } from 'vitest';
import { Flight } from '../../src/sftp/flow/flight.ts';
import { upload } from '../../src/sftp/up/upload.ts';
// So that it is there when a stream is uploaded.
import '../../src/sftp/up/upload-stream.ts';
import type { WriteOrder } from '../../src/ssh2/sftp/write-order.ts';
import { memorySftp } from '../support/memory-sftp.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const content = Buffer.alloc(2 * MiB, 'x');
const window = { start: 2 * MiB, ceiling: 4 * MiB };

/** What an upload has under way while nothing is answered: how many writes, and of how many bytes. */
async function underWay(
  roundTrip: number,
  source: () => Buffer | Readable = () => content,
  order: WriteOrder = 'free',
) {
  const memory = memorySftp({
    roundTrip,
    order,
    maxWrite: 255 * KiB,
    refuse: (request) => (request.startsWith('write') ? 'hang' : undefined),
  });
  const stop = new AbortController();
  const result = upload(memory.opener, source(), '/a', { signal: stop.signal });
  await memory.quiet();
  const writes = memory.asked.filter((request) => request.startsWith('write'));
  stop.abort(new Error('enough'));
  await expect(result).rejects.toThrow('enough');
  return { count: writes.length, first: writes[0]?.match(/\+(\d+)$/)?.[1] };
}

it('an upload to a server that is near does not fill its buffers, but keeps several requests under way', async () => {
  const near = { count: 4, first: String(64 * KiB) };
  expect(await underWay(0.5)).toEqual(near);
  expect(await underWay(2)).toEqual(near);
  expect(await underWay(0.5, () => Readable.from([content]))).toEqual(near);
});

it('one to a server that is far, or nobody knows how far, or not OpenSSH, fills its window at once', async () => {
  const full = { count: 9, first: String(255 * KiB) };
  expect(await underWay(16)).toEqual(full);
  expect(await underWay(0)).toEqual(full);
  expect(await underWay(0.5, () => content, 'in turn')).toEqual(full);
});

it('the bytes in flight follow the shortest round trip down, and what the line carries up', () => {
  expect(new Flight({ ...window, nearBy: 8 }).limit).toBe(MiB);
  const flight = new Flight({ ...window, nearBy: 100 });
  expect([flight.limit, flight.requestSize >= 255 * KiB]).toEqual([2 * MiB, true]);
  flight.answered(performance.now());
  expect([flight.limit, flight.requestSize]).toEqual([256 * KiB, 64 * KiB]);
  flight.done(1);
  flight.done(2 * MiB);
  expect(flight.limit).toBeGreaterThanOrEqual(256 * KiB);
  expect(flight.limit).toBe(Math.min(4 * MiB, 256 * KiB + 2 * flight.perRoundTrip));
});

it('without a known round trip, they do not depend on it', () => {
  const flight = new Flight(window);
  flight.answered(performance.now());
  expect([flight.limit, flight.requestSize]).toEqual([2 * MiB, Number.POSITIVE_INFINITY]);
});

it('several sessions are given their windows, also on a line of 50 ms', () => {
  vi.spyOn(performance, 'now').mockReturnValue(1_000);
  const flight = new Flight({ ...window, nearBy: 50 });
  flight.answered(950);
  flight.done(1);
  vi.mocked(performance.now).mockReturnValue(1_050);
  flight.done(2 * MiB);
  flight.widen(32 * MiB, 16 * MiB);
  vi.mocked(performance.now).mockReturnValue(1_100);
  flight.done(2 * MiB);
  expect(flight.limit).toBe(16 * MiB);
  vi.restoreAllMocks();
});

it('a session that has been used is sent a window at once', async () => {
  const memory = memorySftp({ roundTrip: 0.5, maxWrite: 255 * KiB });
  const session = await memory.opener.openSftp();
  const opener = { ...memory.opener, openSftp: async () => session };
  for (const path of ['/a', '/b']) await upload(opener, content, path);
  const sizes = memory.asked.flatMap((request) => request.match(/^write .* 0\+(\d+)$/)?.[1] ?? []);
  expect(sizes).toEqual([String(64 * KiB), String(255 * KiB)]);
});
