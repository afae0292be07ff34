import { describe, expect, it } from 'vitest';
import { type BlockSource, bufferSource } from '../../src/sftp/flow/block-source.ts';
import { Flight } from '../../src/sftp/flow/flight.ts';
import { FramePool } from '../../src/sftp/flow/frames.ts';
import { Lanes } from '../../src/sftp/flow/lanes.ts';
import { type ByteRange, Sender } from '../../src/sftp/flow/sender.ts';
import type { WriteDone } from '../../src/ssh2/sftp/requests.ts';
import { type WriteOrder, Writes } from '../../src/ssh2/sftp/write-order.ts';
import { fakeHandle, fakeSftp, refused } from '../support/fake-sftp.ts';

const content = Buffer.from('abcdefghijklmnopqrstuvwxyz');

interface Asked<T> {
  at: number;
  length: number;
  answer: T;
}

/** A sender of blocks of one byte, whose reads and writes are answered by the test. */
function sending(options: {
  ranges?: ByteRange[];
  order?: WriteOrder;
  room?: number;
  readsLater?: boolean;
  lanes?: number;
}) {
  const { ranges = [{ start: 0, end: 12 }], order = 'free', room = 1_000, readsLater = false } = options;
  const reads: Asked<(error: Error | null, bytes?: number) => void>[] = [];
  const writes: (Asked<WriteDone> & { lane: number; byte: string })[] = [];
  const whole = bufferSource(content);
  const source: BlockSource = {
    ...whole,
    readInto(views, at, done) {
      const length = views.reduce((sum, view) => sum + view.length, 0);
      const answer = (error: Error | null, bytes = length) => {
        if (error) return done(error);
        whole.readInto(views, at, () => done(null, bytes));
      };
      reads.push({ at, length, answer });
      if (!readsLater) answer(null);
    },
  };
  const findings = { writesOneByOne: false };
  const sftp = (lane: number) =>
    fakeSftp({
      writes: new Writes(order, findings),
      write: (_handle, at, { buffer, start, length }, answer) => {
        writes.push({ at, length, answer, lane, byte: buffer.toString('latin1', start, start + length) });
      },
    });
  const lanes = new Lanes({ sftp: sftp(0), handle: fakeHandle });
  for (let lane = 1; lane < (options.lanes ?? 1); lane++) lanes.add({ sftp: sftp(lane), handle: fakeHandle });
  const flight = new Flight({ start: room, ceiling: room });
  const pool = new FramePool(1);
  const frames = { out: 0, made: 0 };
  const { take, give } = { take: pool.take.bind(pool), give: pool.give.bind(pool) };
  pool.take = () => {
    frames.out++;
    return take();
  };
  pool.give = (frame) => {
    frames.out--;
    give(frame);
  };
  const seen = { moved: 0, allSent: 0 };
  const sender = new Sender({
    source,
    ranges,
    lanes,
    flight,
    pool,
    moved: (bytes) => {
      seen.moved += bytes;
    },
    allSent: () => {
      seen.allSent++;
    },
  });
  const outcome: { error?: unknown; done?: true } = {};
  sender.send().then(
    () => {
      outcome.done = true;
    },
    (error) => {
      outcome.error = error;
    },
  );
  return {
    ...{ sender, reads, writes, flight, findings, frames, seen, outcome, lanes },
    places: () => writes.map(({ at }) => at),
    ask: () => reads.map(({ at, length }) => [at, length]),
    /** Answers the write at this place that was asked last. */
    answer: (at: number, status?: number) =>
      writes
        .findLast((write) => write.at === at)
        ?.answer(status === undefined ? undefined : refused(status, 'write')),
  };
}

const upTo = (end: number, start = 0) => Array.from({ length: end - start }, (_, index) => start + index);
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a server that accepts writes in any order', () => {
  it('is sent everything at once, read four blocks at a time', async () => {
    const all = sending({});
    expect(all.ask()).toEqual([
      [0, 4],
      [4, 4],
      [8, 4],
    ]);
    expect(all.writes.map(({ byte }) => byte).join('')).toBe('abcdefghijkl');
    expect(all.flight.inFlight).toBe(12);
    expect(all.seen).toEqual({ moved: 0, allSent: 1 });
    for (const at of upTo(11)) all.answer(at);
    await turn();
    expect(all.outcome).toEqual({});
    expect(all.seen.moved).toBe(11);
    all.answer(11);
    await turn();
    expect(all.outcome).toEqual({ done: true });
    expect(all.seen).toEqual({ moved: 12, allSent: 1 });
    expect(all.flight.inFlight).toBe(0);
    expect(all.frames.out).toBe(0);
  });

  it('is fed by at most two concurrent reads', () => {
    const all = sending({ readsLater: true });
    expect(all.ask()).toEqual([
      [0, 4],
      [4, 4],
    ]);
    all.reads[1]?.answer(null);
    expect(all.ask()).toHaveLength(3);
    expect(all.places()).toEqual([4, 5, 6, 7]);
    expect(all.seen.allSent).toBe(0);
  });

  it('is sent only what there is room for, and the rest as room becomes available', () => {
    const all = sending({ room: 6 });
    expect(all.ask()).toEqual([
      [0, 4],
      [4, 2],
    ]);
    all.answer(0);
    expect(all.ask().at(-1)).toEqual([6, 1]);
    expect(all.flight.inFlight).toBe(6);
  });

  it('is sent the rest when the limit grows', () => {
    const all = sending({ room: 4 });
    expect(all.places()).toEqual(upTo(4));
    all.flight.widen(1_000, 1_000);
    all.sender.wake();
    expect(all.places()).toEqual(upTo(12));
  });

  it('is sent each block on the session with the fewest unacknowledged bytes', () => {
    const all = sending({ lanes: 2, ranges: [{ start: 0, end: 4 }] });
    expect(all.writes.map(({ lane }) => lane)).toEqual([0, 1, 0, 1]);
    expect(all.lanes.idlest.unacknowledged).toBe(2);
    all.answer(0);
    all.answer(2);
    expect(all.lanes.idlest.unacknowledged).toBe(0);
  });

  it('is sent several ranges, without empty ones', async () => {
    const ranges = [
      { start: 2, end: 4 },
      { start: 5, end: 5 },
      { start: 9, end: 10 },
    ];
    const all = sending({ ranges });
    expect(all.places()).toEqual([2, 3, 9]);
    expect(ranges[0]).toEqual({ start: 2, end: 4 });
    for (const at of [2, 3, 9]) all.answer(at);
    await turn();
    expect(all.outcome).toEqual({ done: true });
  });

  it('is sent nothing for an empty source', async () => {
    const all = sending({ ranges: [] });
    expect(all.seen.allSent).toBe(1);
    await turn();
    expect(all.outcome).toEqual({ done: true });
  });

  it('ends the sending with its first refusal', async () => {
    const all = sending({});
    all.answer(3, 4);
    all.answer(0);
    all.answer(1, 3);
    await turn();
    expect(all.outcome.error).toMatchObject({ status: 4 });
    expect(all.seen.moved).toBe(0);
    expect(all.places()).toHaveLength(12);
  });
});

describe('the local file', () => {
  it('is read again after a short read', async () => {
    const all = sending({ readsLater: true, ranges: [{ start: 0, end: 4 }] });
    all.reads[0]?.answer(null, 3);
    expect(all.places()).toEqual([0, 1, 2]);
    expect(all.flight.inFlight).toBe(4);
    expect(all.ask()).toEqual([
      [0, 4],
      [3, 1],
    ]);
    all.reads[1]?.answer(null);
    for (const at of upTo(4)) all.answer(at);
    await turn();
    expect(all.outcome).toEqual({ done: true });
    expect(all.flight.inFlight).toBe(0);
    expect(all.frames.out).toBe(0);
  });

  it('ends the sending if it ends too early or cannot be read', async () => {
    const short = sending({ readsLater: true });
    short.reads[1]?.answer(null, 0);
    const broken = sending({ readsLater: true });
    broken.reads[0]?.answer(new Error('EIO'));
    broken.reads[1]?.answer(null);
    await turn();
    expect(short.outcome.error).toMatchObject({ message: 'it ended at byte 4, before its end was sent' });
    expect(broken.outcome.error).toMatchObject({ message: 'EIO' });
    expect(broken.places()).toEqual([]);
    expect(broken.reads).toHaveLength(2);
  });
});

it('sends nothing more once stopped', async () => {
  const all = sending({ readsLater: true });
  all.sender.stop(new Error('no more'));
  all.reads[0]?.answer(null);
  all.sender.wake();
  await turn();
  expect(all.outcome.error).toMatchObject({ message: 'no more' });
  expect([all.reads.length, all.writes.length, all.seen.allSent]).toEqual([2, 0, 0]);
});

describe('an unknown server', () => {
  it('is sent writes in file order, many at once, with one read at a time', () => {
    const all = sending({ order: 'in turn', readsLater: true });
    expect(all.reads).toHaveLength(1);
    all.reads[0]?.answer(null);
    expect(all.places()).toEqual(upTo(4));
    expect(all.reads).toHaveLength(2);
  });

  it('is sent the first write alone if it is not at the start of the file', async () => {
    const all = sending({ order: 'in turn', ranges: [{ start: 1, end: 8 }] });
    expect(all.places()).toEqual([1]);
    all.answer(1);
    expect(all.places()).toEqual(upTo(8, 1));
    const refusing = sending({ order: 'in turn', ranges: [{ start: 1, end: 8 }] });
    refusing.answer(1, 4);
    await turn();
    expect(refusing.outcome.error).toMatchObject({ status: 4 });
  });

  it('is sent refused writes again, in order and one at a time, once all are answered', async () => {
    const all = sending({ order: 'in turn', ranges: [{ start: 0, end: 5 }] });
    all.answer(3, 4);
    all.answer(1, 8);
    all.answer(0);
    all.answer(4);
    expect(all.places()).toEqual(upTo(5));
    expect(all.findings.writesOneByOne).toBe(false);
    all.answer(2, 5);
    expect(all.places().slice(5)).toEqual([1]);
    all.answer(1);
    expect(all.findings.writesOneByOne).toBe(true);
    expect(all.places().slice(5)).toEqual([1, 2]);
    all.answer(2);
    all.answer(3);
    await turn();
    expect(all.outcome).toEqual({ done: true });
    expect(all.seen).toEqual({ moved: 5, allSent: 1 });
    expect(all.flight.inFlight).toBe(0);
  });

  it('is sent nothing more after a refusal, and what was read meanwhile in order', async () => {
    const all = sending({ order: 'in turn', readsLater: true, ranges: [{ start: 0, end: 7 }] });
    all.reads[0]?.answer(null);
    all.answer(0, 4);
    all.reads[1]?.answer(null, 2);
    expect(all.places()).toEqual(upTo(4));
    expect(all.reads).toHaveLength(2);
    for (const at of [1, 2, 3]) all.answer(at);
    expect(all.ask().slice(2)).toEqual([[0, 1]]);
    all.reads[2]?.answer(null);
    expect(all.places().slice(4)).toEqual([0]);
    all.answer(0);
    expect(all.ask().slice(3)).toEqual([[4, 1]]);
    for (const [index, at] of [4, 5, 6].entries()) {
      all.reads[3 + index]?.answer(null);
      all.answer(at);
    }
    await turn();
    expect(all.outcome).toEqual({ done: true });
    expect(all.places().slice(4)).toEqual([0, 4, 5, 6]);
    expect(all.flight.inFlight).toBe(0);
  });

  it('ends the sending if it refuses a write sent alone', async () => {
    const all = sending({ order: 'in turn', ranges: [{ start: 0, end: 2 }] });
    all.answer(0, 4);
    all.answer(1);
    all.answer(0, 4);
    await turn();
    expect(all.outcome.error).toMatchObject({ status: 4 });
    const denied = sending({ order: 'in turn' });
    denied.answer(5, 3);
    await turn();
    expect(denied.outcome.error).toMatchObject({ status: 3 });
    expect(denied.findings.writesOneByOne).toBe(false);
  });
});

it('sends each write once the previous one is answered, to a server that accepts one at a time', () => {
  const all = sending({ order: 'one by one' });
  expect(all.ask()).toEqual([[0, 1]]);
  all.answer(0);
  expect(all.places()).toEqual([0, 1]);
});
