import { describe, expect, it } from 'vitest';
import { Flight } from '../../src/sftp/flow/flight.ts';
import { RemoteWriter } from '../../src/sftp/flow/remote-writer.ts';
import type { WriteDone } from '../../src/ssh2/sftp/requests.ts';
import { type WriteOrder, Writes } from '../../src/ssh2/sftp/write-order.ts';
import { fakeHandle, fakeSftp, refused } from '../support/fake-sftp.ts';

/** A writer of blocks of four bytes, whose writes are answered by the test. */
function writing({ order = 'free' as WriteOrder, room = 1_000, position = 0, appends = false } = {}) {
  const asked: { at: number; bytes: string; buffer: Buffer; answer: WriteDone }[] = [];
  const findings = { writesOneByOne: false };
  const sftp = fakeSftp({
    maxWrite: 4,
    writes: new Writes(order, findings),
    write: (_handle, at, { buffer, start, length }, answer) =>
      void asked.push({ at, bytes: buffer.toString('latin1', start, start + length), buffer, answer }),
  });
  const flight = new Flight({ start: room, ceiling: room });
  let moved = 0;
  const writer = new RemoteWriter({
    ...{ sftp, handle: fakeHandle, flight, position, appends },
    moved: (bytes) => {
      moved += bytes;
    },
  });
  return {
    ...{ writer, asked, flight, findings },
    moved: () => moved,
    sent: () => asked.map(({ at, bytes }) => `${at} ${bytes}`),
    answer: (index: number, status?: number) =>
      asked[index]?.answer(status === undefined ? undefined : refused(status, 'write')),
  };
}

/** What has come of a promise by the next turn. */
async function stateOf(promise: Promise<unknown>): Promise<unknown> {
  const waiting = new Promise((resolve) => setImmediate(resolve, 'waits'));
  return Promise.race([promise.then(() => 'done').catch((error) => error), waiting]);
}

describe('sequential bytes', () => {
  it('are sent in full blocks, many at once, and the rest at the end', async () => {
    const all = writing({ position: 10 });
    expect(await stateOf(all.writer.append(Buffer.from('abcdef')))).toBe('done');
    expect(all.writer.position).toBe(16);
    await all.writer.append(Buffer.from('g'));
    expect(all.sent()).toEqual(['10 abcd']);
    await all.writer.append(Buffer.from('hijklmnop'));
    expect(all.sent()).toEqual(['10 abcd', '14 efgh', '18 ijkl', '22 mnop']);
    await all.writer.append(Buffer.from('q'));
    const end = all.writer.finish();
    expect(all.sent().at(-1)).toBe('26 q');
    expect(all.writer.position).toBe(27);
    expect(all.flight.inFlight).toBe(17);
    for (const index of [3, 2, 1, 0]) all.answer(index);
    expect(await stateOf(end)).toBe('waits');
    all.answer(4);
    expect(await stateOf(end)).toBe('done');
    expect(all.moved()).toBe(17);
    expect(all.flight.inFlight).toBe(0);
    expect(all.findings.writesOneByOne).toBe(false);
  });

  it('are copied from the chunk at once', async () => {
    const all = writing();
    const chunk = Buffer.from('abcd');
    await all.writer.append(chunk);
    chunk.fill('x');
    expect(all.asked[0]?.buffer.includes('abcd')).toBe(true);
  });

  it('send nothing more after a full last block', async () => {
    const all = writing();
    await all.writer.append(Buffer.from('abcd'));
    const end = all.writer.finish();
    all.answer(0);
    expect(await stateOf(end)).toBe('done');
    expect(all.asked).toHaveLength(1);
    expect(await stateOf(writing().writer.finish())).toBe('done');
  });

  it('wait for room', async () => {
    const all = writing({ room: 8 });
    const appended = all.writer.append(Buffer.from('abcdefghijkl'));
    expect(await stateOf(appended)).toBe('waits');
    expect(all.asked).toHaveLength(2);
    all.answer(0);
    expect(await stateOf(appended)).toBe('waits');
    expect(all.sent()).toEqual(['0 abcd', '4 efgh', '8 ijkl']);
    all.answer(1);
    expect(await stateOf(appended)).toBe('done');
  });

  it('reuse a buffer that has been sent, but not one that failed', async () => {
    const all = writing();
    await all.writer.append(Buffer.from('abcd'));
    all.answer(0);
    await all.writer.append(Buffer.from('efgh'));
    expect(all.asked[1]?.buffer).toBe(all.asked[0]?.buffer);
  });
});

describe('a write that fails', () => {
  it('rejects pending and later calls', async () => {
    const all = writing({ room: 4 });
    const appended = all.writer.append(Buffer.from('abcdefgh'));
    all.answer(0, 4);
    expect(await stateOf(appended)).toMatchObject({ status: 4 });
    expect(await stateOf(all.writer.append(Buffer.from('i')))).toMatchObject({ status: 4 });
    expect(await stateOf(all.writer.append(Buffer.alloc(0)))).toMatchObject({ status: 4 });
    expect(await stateOf(all.writer.finish())).toMatchObject({ status: 4 });
    expect(all.asked).toHaveLength(1);
  });

  it('is reported by finish(), and the first one counts', async () => {
    const all = writing();
    await all.writer.append(Buffer.from('abcdefgh'));
    const end = all.writer.finish();
    all.answer(0, 3);
    all.answer(1, 4);
    expect(await stateOf(end)).toMatchObject({ status: 3 });
    expect(all.moved()).toBe(0);
  });
});

it('rejects pending calls when stopped, and counts no more bytes', async () => {
  const all = writing();
  await all.writer.append(Buffer.from('abcd'));
  const end = all.writer.finish();
  all.writer.stop('enough');
  all.writer.stop('too late');
  all.answer(0);
  expect(await stateOf(end)).toBe('enough');
  expect(all.moved()).toBe(0);
});

describe('an unknown server', () => {
  it('is sent many writes at once, and refused ones again, in order and one at a time', async () => {
    const all = writing({ order: 'in turn' });
    await all.writer.append(Buffer.from('abcdefghijkl'));
    all.answer(2, 4);
    all.answer(1, 5);
    const appended = all.writer.append(Buffer.from('mnopqrst'));
    expect(await stateOf(appended)).toBe('waits');
    expect(all.sent().slice(3)).toEqual(['12 mnop']);
    all.answer(3, 8);
    expect(await stateOf(appended)).toBe('waits');
    expect(all.asked).toHaveLength(4);
    all.answer(0);
    await stateOf(appended);
    expect(all.sent().slice(4)).toEqual(['4 efgh']);
    expect(all.findings.writesOneByOne).toBe(false);
    all.answer(4);
    expect(all.findings.writesOneByOne).toBe(true);
    await stateOf(appended);
    all.answer(5);
    await stateOf(appended);
    all.answer(6);
    expect(await stateOf(appended)).toBe('waits');
    expect(all.sent().slice(4)).toEqual(['4 efgh', '8 ijkl', '12 mnop', '16 qrst']);
    all.answer(7);
    expect(await stateOf(appended)).toBe('done');
    expect(await stateOf(all.writer.finish())).toBe('done');
    expect(all.flight.inFlight).toBe(0);
    expect(all.moved()).toBe(20);
  });

  it('is not tried a third time', async () => {
    const all = writing({ order: 'in turn' });
    await all.writer.append(Buffer.from('abcdefgh'));
    const end = all.writer.finish();
    all.answer(0, 4);
    all.answer(1, 4);
    await stateOf(end);
    all.answer(2, 4);
    expect(await stateOf(end)).toMatchObject({ status: 4 });
    expect(all.asked).toHaveLength(3);
    expect(all.findings.writesOneByOne).toBe(false);
  });

  it('fails at once if a refusal has another reason', async () => {
    const all = writing({ order: 'in turn' });
    await all.writer.append(Buffer.from('abcdefgh'));
    const end = all.writer.finish();
    all.answer(1, 3);
    expect(await stateOf(end)).toMatchObject({ status: 3 });
  });

  it('is sent appended writes one at a time', async () => {
    const all = writing({ order: 'in turn', appends: true });
    const appended = all.writer.append(Buffer.from('abcdefgh'));
    expect(await stateOf(appended)).toBe('waits');
    expect(all.asked).toHaveLength(1);
    const free = writing({ order: 'free', appends: true });
    expect(await stateOf(free.writer.append(Buffer.from('abcdefgh')))).toBe('done');
    expect(free.asked).toHaveLength(2);
  });
});

it('sends each write once the previous one is answered, to a server that accepts one at a time', async () => {
  const all = writing({ order: 'one by one' });
  const appended = all.writer.append(Buffer.from('abcdefgh'));
  expect(await stateOf(appended)).toBe('waits');
  expect(all.asked).toHaveLength(1);
  all.answer(0);
  await stateOf(appended);
  expect(all.asked).toHaveLength(2);
  all.answer(1, 4);
  expect(await stateOf(appended)).toMatchObject({ status: 4 });
});
