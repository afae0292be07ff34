import { describe, expect, it } from 'vitest';
import { Flight } from '../../src/sftp/flow/flight.ts';
import { orderedSink } from '../../src/sftp/flow/ordered-sink.ts';
import { Receiver } from '../../src/sftp/flow/receiver.ts';
import type { ReadDone } from '../../src/ssh2/sftp/requests.ts';
import { fakeHandle, fakeSftp, refused } from '../support/fake-sftp.ts';

/** A receiver of blocks of ten bytes, whose reads and stores are answered by the test. */
function receiving({ start = 0, end = 40, probe = false, room = 1_000, storesAtOnce = true } = {}) {
  const asked: { at: number; length: number; answer: ReadDone }[] = [];
  const stored: string[] = [];
  const stores: ((error?: Error | null) => void)[] = [];
  const sftp = fakeSftp({
    maxRead: 10,
    read: (_handle, at, length, answer) => void asked.push({ at, length, answer }),
    badEnd: (position) => Object.assign(refused(4), { message: `bad end at ${position}` }),
  });
  const flight = new Flight({ start: room, ceiling: room });
  const seen = { moved: 0 };
  const receiver = new Receiver({
    ...{ sftp, handle: fakeHandle, start, end, probe, flight },
    sink: {
      accept(position, pieces, length, done) {
        stored.push(`${position}+${length} ${Buffer.concat(pieces)}`);
        if (storesAtOnce) done();
        else stores.push(done);
      },
    },
    moved: (bytes) => {
      seen.moved += bytes;
    },
  });
  const outcome: { error?: unknown; result?: unknown } = {};
  receiver.receive().then(
    (result) => {
      outcome.result = result;
    },
    (error) => {
      outcome.error = error;
    },
  );
  return {
    ...{ receiver, flight, stored, stores, seen, outcome },
    places: () => asked.map(({ at, length }) => `${at}+${length}`),
    /** Answers the read that was asked as number `index` with these pieces of bytes. */
    answer: (index: number, ...texts: string[]) => {
      const pieces = texts.map((text) => Buffer.from(text));
      const length = texts.join('').length;
      asked[index]?.answer(undefined, length > 0 ? pieces : undefined, length);
    },
    fail: (index: number, status: number) => asked[index]?.answer(refused(status, 'read'), undefined, 0),
  };
}

const ten = (letter: string) => letter.repeat(10);
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a range of a file', () => {
  it('arrives in any order, and is done when it is stored', async () => {
    const all = receiving({ end: 30, storesAtOnce: false });
    expect(all.places()).toEqual(['0+10', '10+10', '20+10']);
    expect(all.flight.inFlight).toBe(30);
    all.answer(2, ten('c'));
    all.answer(0, 'aaaaa', 'aaaaa');
    all.answer(1, ten('b'));
    expect(all.stored).toEqual([`20+10 ${ten('c')}`, `0+10 ${ten('a')}`, `10+10 ${ten('b')}`]);
    for (const store of all.stores.slice(0, 2)) store();
    await turn();
    expect([all.outcome, all.seen.moved, all.flight.inFlight]).toEqual([{}, 20, 10]);
    all.stores[2]?.();
    await turn();
    expect(all.outcome).toEqual({ result: { end: 30, beyond: false } });
    expect([all.seen.moved, all.flight.inFlight]).toEqual([30, 0]);
  });

  it('is requested as room becomes available', () => {
    const all = receiving({ room: 20, storesAtOnce: false });
    expect(all.places()).toEqual(['0+10', '10+10']);
    all.answer(0, ten('a'));
    expect(all.places()).toHaveLength(2);
    all.stores[0]?.();
    expect(all.places()).toEqual(['0+10', '10+10', '20+10']);
  });

  it('is requested again where a reply is short', async () => {
    const all = receiving({ end: 20 });
    all.answer(0, 'aaaa');
    expect(all.places()).toEqual(['0+10', '10+10', '4+6']);
    expect(all.flight.inFlight).toBe(16);
    all.answer(1, ten('b'));
    all.answer(2, 'aaaaaa');
    await turn();
    expect(all.outcome).toEqual({ result: { end: 20, beyond: false } });
    expect(all.stored).toEqual(['0+4 aaaa', `10+10 ${ten('b')}`, '4+6 aaaaaa']);
    expect(all.flight.inFlight).toBe(0);
  });

  it('takes as much room for a reply of one byte as for one of a thousand, until it is stored', () => {
    const all = receiving({ end: 1_000, room: 40, storesAtOnce: false });
    for (let index = 0; index < 10; index++) all.answer(index, 'x');
    expect(all.places()).toHaveLength(4);
    for (const store of all.stores.slice(0, 2)) store();
    expect(all.places().slice(4)).toEqual(['1+9', '11+9', '21+9']);
  });

  it('ends where the file does, and nothing beyond is requested again', async () => {
    const all = receiving({ end: 30 });
    all.answer(0, 'aaaa');
    all.answer(1);
    expect(all.places().slice(3)).toEqual(['4+6']);
    all.answer(2);
    all.answer(3);
    await turn();
    expect(all.outcome).toEqual({ result: { end: 4, beyond: false } });
    expect([all.seen.moved, all.flight.inFlight]).toEqual([4, 0]);
  });

  it('still requests what is missing before the end', async () => {
    const all = receiving({ end: 40, room: 40 });
    all.answer(0, 'aaaaa');
    all.answer(3);
    all.answer(2, 'cccccccc');
    all.answer(1, ten('b'));
    expect(all.places().slice(4)).toEqual(['5+5', '28+2']);
    all.answer(5);
    all.answer(4, 'aaaaa');
    await turn();
    expect(all.outcome).toEqual({ result: { end: 28, beyond: false } });
  });

  it('has no byte beyond its own end', async () => {
    const all = receiving({ end: 15, probe: true });
    expect(all.places()).toEqual(['0+10', '10+6']);
    all.answer(0, ten('a'));
    all.answer(1, 'bbb', 'bbb');
    await turn();
    expect(all.stored[1]).toBe('10+5 bbbbb');
    expect(all.outcome).toEqual({ result: { end: 15, beyond: true } });
    expect([all.seen.moved, all.flight.inFlight]).toEqual([15, 0]);
  });

  it('is complete without the extra byte', async () => {
    const all = receiving({ end: 15, probe: true });
    all.answer(0, ten('a'));
    all.answer(1, 'bbbbb');
    await turn();
    expect(all.places()).toHaveLength(2);
    expect(all.outcome).toEqual({ result: { end: 15, beyond: false } });
  });

  it('stores nothing if only the extra byte arrives', async () => {
    const all = receiving({ end: 10, probe: true });
    all.answer(1, 'b');
    all.answer(0, ten('a'));
    await turn();
    expect(all.stored).toEqual([`0+10 ${ten('a')}`]);
    expect(all.outcome).toEqual({ result: { end: 10, beyond: true } });
    expect([all.seen.moved, all.flight.inFlight]).toEqual([10, 0]);
  });

  it('with data beyond the end of the file is an error', async () => {
    const all = receiving({ end: 30 });
    all.answer(1);
    all.answer(2, ten('c'));
    all.answer(0, ten('a'));
    await turn();
    expect(all.outcome.error).toMatchObject({ message: 'bad end at 10' });
  });

  it('that begins beyond the end of the file is empty', async () => {
    const all = receiving({ start: 20, end: 40 });
    all.answer(0);
    all.answer(1);
    await turn();
    expect(all.outcome).toEqual({ result: { end: 20, beyond: false } });
    const none = receiving({ start: 40 });
    await turn();
    expect([none.outcome, none.places()]).toEqual([{ result: { end: 40, beyond: false } }, []]);
  });
});

describe('a failure', () => {
  it('of a read ends it, and later replies are ignored', async () => {
    const all = receiving({ end: 30 });
    all.fail(1, 4);
    all.fail(0, 3);
    all.answer(2, ten('c'));
    await turn();
    expect(all.outcome.error).toMatchObject({ status: 4 });
    expect([all.stored, all.seen.moved]).toEqual([[], 0]);
  });

  it('of a store ends it', async () => {
    const all = receiving({ end: 20, storesAtOnce: false });
    all.answer(0, ten('a'));
    all.answer(1, ten('b'));
    all.stores[0]?.(new Error('ENOSPC'));
    all.stores[1]?.();
    await turn();
    expect(all.outcome.error).toMatchObject({ message: 'ENOSPC' });
    expect(all.seen.moved).toBe(0);
  });

  it('requests nothing more', () => {
    const all = receiving({ end: 100, room: 20, storesAtOnce: false });
    all.answer(0, ten('a'));
    all.receiver.stop(new Error('enough'));
    all.stores[0]?.();
    expect(all.places()).toHaveLength(2);
  });
});

it('blocks are passed on in order, each once those before it have arrived', () => {
  const seen: string[] = [];
  const done = () => {};
  const sink = orderedSink(10, (pieces, end) => {
    seen.push(Buffer.concat(pieces).toString());
    expect(end).toBe(done);
  });
  const accept = (position: number, text: string) =>
    sink.accept(position, [Buffer.from(text)], text.length, done);
  accept(13, 'de');
  accept(15, 'f');
  expect(seen).toEqual([]);
  accept(10, 'abc');
  expect(seen).toEqual(['abc', 'de', 'f']);
  accept(10, 'again');
  accept(16, 'g');
  expect(seen).toEqual(['abc', 'de', 'f', 'g']);
});
