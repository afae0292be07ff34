import { expect, it } from 'vitest';
import { Flight } from '../../src/sftp/flow/flight.ts';
import { Receiver } from '../../src/sftp/flow/receiver.ts';
import { fakeHandle, fakeSftp, readsOf } from '../support/fake-sftp.ts';
import { bytesOf } from '../support/mock-sftp.ts';

const content = bytesOf(100_000);

/** Reads a part of the file in requests of at most 30,000 bytes. */
async function receive(
  start: number,
  end: number,
  probe = false,
  flight = new Flight({ start: 1e6, ceiling: 1e6 }),
) {
  const { asked, read } = readsOf(content);
  const got = Buffer.alloc(Math.max(0, Math.min(end, content.length) - start));
  let moved = 0;
  const result = await new Receiver({
    sftp: fakeSftp({ maxRead: 30_000, read }),
    handle: fakeHandle,
    start,
    end,
    probe,
    sink: {
      accept: (position, pieces, _length, done) => {
        Buffer.concat(pieces).copy(got, position - start);
        setImmediate(done);
      },
    },
    flight,
    moved: (bytes) => {
      moved += bytes;
    },
  }).receive();
  expect(got.equals(content.subarray(start, end))).toBe(true);
  expect(moved).toBe(got.length);
  expect(flight.inFlight).toBe(0);
  return { result, asked };
}

it('requests every byte of a range once, and none beyond it', async () => {
  const { result, asked } = await receive(10_000, 75_000);
  expect(asked).toEqual([
    [10_000, 30_000],
    [40_000, 30_000],
    [70_000, 5_000],
  ]);
  expect(result).toEqual({ end: 75_000, beyond: false });
});

it('requests one byte beyond the end with `probe`', async () => {
  const goesOn = await receive(70_000, 99_999, true);
  expect(goesOn.asked).toEqual([[70_000, 30_000]]);
  expect(goesOn.result).toEqual({ end: 99_999, beyond: true });
  const ends = await receive(70_000, 100_000, true);
  expect(ends.asked).toEqual([
    [70_000, 30_000],
    [100_000, 1],
  ]);
  expect(ends.result).toEqual({ end: 100_000, beyond: false });
});

it('ends where the file ends, whatever the requested end', async () => {
  for (const end of [100_001, 500_000, Number.POSITIVE_INFINITY])
    expect((await receive(50_000, end)).result).toEqual({ end: 100_000, beyond: false });
  expect((await receive(100_000, 100_000)).asked).toEqual([]);
});

it('has one request in flight even if other files use all the room', async () => {
  const flight = new Flight({ start: 1, ceiling: 1 });
  const { asked } = await receive(0, 90_000, false, flight);
  expect(asked).toHaveLength(3);
});
