import { Duplex, PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { type StreamEnd, Transport } from '../../src/ssh2/transport/transport.ts';

/** A raw stream whose other side the test holds. */
class Raw extends Duplex {
  written: Buffer[] = [];
  writes = 0;
  accept = true;
  stalled: Array<() => void> = [];

  constructor() {
    super({ allowHalfOpen: true, writableHighWaterMark: 16 });
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.writes++;
    this.written.push(chunk);
    if (this.accept) done();
    else this.stalled.push(done);
  }

  override _writev(chunks: Array<{ chunk: Buffer }>, done: () => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'binary', done);
  }
}

function open(raw: Duplex = new Raw()) {
  const told = {
    lines: [] as string[],
    invalid: [] as Buffer[],
    ends: [] as StreamEnd[],
  };
  const transport = new Transport(raw, {
    onIdentification: (line) => told.lines.push(line),
    onInvalid: (received) => told.invalid.push(received),
    onEnd: (end) => told.ends.push(end),
  });
  const received: Buffer[] = [];
  transport.on('data', (chunk: Buffer) => received.push(chunk));
  return {
    raw: raw as Raw,
    transport,
    told,
    text: () => Buffer.concat(received).toString('latin1'),
    received,
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function feed(raw: Duplex, pieces: Array<string | Buffer>): Promise<void> {
  for (const piece of pieces) {
    raw.push(piece);
    await turn();
  }
}

describe('the identification string', () => {
  const line = 'SSH-2.0-OpenSSH_9.9 mock';

  it.each([
    ['in one piece', [`${line}\r\nKEXINIT`]],
    ['in bytes', [...`${line}\r\nKEXINIT`]],
    ['in bytes, after lines in bytes', [...`Welcome\r\nto the machine\n${line}\r\nKEXINIT`]],
    ['with a line feed alone', [`${line}\nKEXINIT`]],
  ])('reaches ssh2 whole: %s', async (_how, pieces) => {
    const { raw, told, text, received } = open();
    await feed(raw, pieces);
    expect(told.lines).toEqual([line]);
    expect(text()).toMatch(/^SSH-2\.0-OpenSSH_9\.9 mock\r?\nKEXINIT$/);
    expect(received[0]?.toString()).toContain(`${line}`);
  });

  it('is distinguished from what the server sent before', async () => {
    const { raw, transport, text } = open();
    await feed(raw, ['Exceeded MaxStartups\r\nssh-1 is not', ` this\r\n${line}\r\n`]);
    expect(transport.saidBefore.toString()).toBe('Exceeded MaxStartups\r\nssh-1 is not this\r\n');
    expect(text()).toBe(`${line}\r\n`);
  });

  it('may be of a server that supports versions 1 and 2 (1.99)', async () => {
    const { raw, told } = open();
    await feed(raw, ['SSH-1.99-Cisco\r\n']);
    expect(told.lines).toEqual(['SSH-1.99-Cisco']);
  });

  it('may have up to 1,024 characters after 64 KiB of other lines', async () => {
    const longest = `SSH-2.0-${'x'.repeat(1_016)}`;
    const lines = `${'y'.repeat(1_023)}\n`.repeat(64);
    const { raw, told, transport } = open();
    raw.emit('data', Buffer.from(lines));
    expect(told.invalid).toEqual([]);
    raw.emit('data', Buffer.from(`${longest}\r\n`));
    expect([told.lines, told.invalid]).toEqual([[longest], []]);
    expect(transport.saidBefore.toString()).toBe(lines);
    const longer = open();
    longer.raw.emit('data', Buffer.from(`${longest}x\r\n`));
    expect(longer.told.invalid).toHaveLength(1);
    const more = open();
    more.raw.emit('data', Buffer.from(`${lines}y`));
    expect(more.told.invalid).toHaveLength(1);
  });

  it('is everything that was received, unless something came before', async () => {
    const { raw, transport } = open();
    await feed(raw, [`${line}\r\n`]);
    expect(transport.saidBefore).toHaveLength(0);
    const behind = open();
    await feed(behind.raw, [`\n${line}\r\n`]);
    expect(behind.transport.saidBefore.toString()).toBe('\n');
  });

  it.each([
    ['version 1', 'SSH-1.5-old\r\n'],
    ['version 3', 'SSH-3.0-new\r\n'],
    ['no software', 'SSH-2.0-\r\n'],
    ['no version', 'SSH-\r\n'],
    ['an endless one', `SSH-2.0-${'x'.repeat(2_000)}\r\n`],
    ['a web server', 'HTTP/1.1 400 Bad Request'],
    ['too much without a line end', 'x'.repeat(65 * 1024)],
    ['too many lines', 'no\n'.repeat(30_000)],
  ])('is rejected: %s', async (_what, said) => {
    const { raw, told, text } = open();
    await feed(raw, [said]);
    expect(told.invalid.length).toBeGreaterThan(0);
    expect(told.lines).toEqual([]);
    expect(text()).toBe('');
  });

  it('is found in little time, even in 64 KiB of line feeds that arrive one by one', () => {
    const { raw, told } = open();
    const start = process.cpuUsage();
    for (let at = 0; at <= 65 * 1024; at++) raw.emit('data', Buffer.from('\n'));
    expect(told.invalid.length).toBeGreaterThan(0);
    // Looking at every line again for every byte took minutes.
    expect(process.cpuUsage(start).user).toBeLessThan(10_000_000);
  });
});

describe('the end of the stream', () => {
  it('is reported once, as FIN', async () => {
    const { raw, transport, told } = open();
    const closed = vi.fn();
    transport.on('close', closed);
    raw.push(null);
    await turn();
    await turn();
    raw.destroy();
    await turn();
    expect(told.ends).toEqual([{ kind: 'fin' }]);
    expect(closed).toHaveBeenCalledTimes(1);
    expect(raw.destroyed).toBe(true);
  });

  it('is reported once, with the error that ended it', async () => {
    const { raw, told } = open();
    const error = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    raw.destroy(error);
    await turn();
    await turn();
    expect(told.ends).toEqual([{ kind: 'error', error }]);
  });

  it('is reported if the stream was destroyed beforehand', async () => {
    const raw = new Raw();
    raw.destroy();
    await turn();
    const { told } = open(raw);
    await turn();
    expect(told.ends).toEqual([{ kind: 'fin' }]);
  });

  it('is reported if the stream had ended beforehand', async () => {
    const raw = new PassThrough();
    raw.end();
    raw.resume();
    await new Promise((resolve) => raw.once('end', resolve));
    const { told } = open(raw);
    await turn();
    expect(told.ends).toEqual([{ kind: 'fin' }]);
  });

  it('is reported if a stream closes without an end or an error', async () => {
    const { raw, told } = open();
    raw.destroy();
    await new Promise((resolve) => raw.once('close', resolve));
    expect(told.ends).toEqual([{ kind: 'fin' }]);
  });

  it('is reported if it is our own, and ends the reader', async () => {
    const { transport, told } = open();
    const closed = new Promise((resolve) => transport.once('close', resolve));
    transport.destroy();
    expect(told.ends).toEqual([{ kind: 'fin' }]);
    expect(transport.write(Buffer.from('late'))).toBe(false);
    await closed;
  });

  it('also ends the reader, and passes nothing more', async () => {
    const { raw, transport, text } = open();
    await feed(raw, ['SSH-2.0-x\r\n']);
    const ended = new Promise((resolve) => transport.once('end', resolve));
    raw.emit('end');
    raw.emit('data', Buffer.from('too late'));
    await ended;
    expect(text()).toBe('SSH-2.0-x\r\n');
  });

  it('comes after the last data', async () => {
    const { raw, told, text } = open();
    raw.push('SSH-2.0-x\r\n');
    raw.push('last');
    raw.push(null);
    for (let at = 0; at < 4; at++) await turn();
    expect(text()).toBe('SSH-2.0-x\r\nlast');
    expect(told.ends).toHaveLength(1);
  });
});

describe('kill', () => {
  it('passes nothing more, and destroys both streams in a later tick', async () => {
    const { raw, transport, text } = open();
    await feed(raw, ['SSH-2.0-x\r\n']);
    transport.kill();
    transport.kill();
    raw.emit('data', Buffer.from('more'));
    expect(transport.destroyed).toBe(false);
    await turn();
    expect(transport.destroyed).toBe(true);
    expect(raw.destroyed).toBe(true);
    expect(text()).toBe('SSH-2.0-x\r\n');
  });

  it('ignores a later error of the stream', async () => {
    const { raw, transport } = open();
    transport.kill();
    await turn();
    raw.emit('error', new Error('late'));
    transport.emit('error', new Error('later'));
  });
});

describe('writing', () => {
  it('sends the packets of one tick together', async () => {
    const { raw, transport } = open();
    for (const part of ['one ', 'two ', 'three']) transport.write(Buffer.from(part));
    await turn();
    expect(Buffer.concat(raw.written).toString()).toBe('one two three');
    expect(raw.writes).toBe(1);
  });

  it('joins small packets, and keeps them in order around large ones', async () => {
    const written: Buffer[] = [];
    const raw = new PassThrough();
    raw.write = (chunk: Buffer) => written.push(chunk) > 0;
    const { transport } = open(raw);
    const large = Buffer.alloc(2_000, 'L');
    for (const part of ['a', 'b']) transport.write(Buffer.from(part));
    transport.write(large);
    for (const part of ['c', 'd']) transport.write(Buffer.from(part));
    await turn();
    expect(written.map(String)).toEqual(['ab', String(large), 'cd']);
    for (let n = 0; n < 100; n++) transport.write(Buffer.alloc(1_000, n));
    // They do not pile up until the turn ends.
    expect(written.length).toBe(3 + 5);
    await turn();
    expect(Buffer.concat(written.slice(3))).toEqual(
      Buffer.concat(Array.from({ length: 100 }, (_, n) => Buffer.alloc(1_000, n))),
    );
  });

  it('counts what waits: small packets of this tick, and what the stream has not accepted', async () => {
    const raw = new PassThrough({ highWaterMark: 1 << 20 });
    const cork = vi.spyOn(raw, 'cork');
    const uncork = vi.spyOn(raw, 'uncork');
    const { transport } = open(raw);
    expect(transport.bytesWaiting).toBe(0);
    transport.write(Buffer.alloc(100));
    transport.write(Buffer.alloc(1_024));
    expect(transport.bytesWaiting).toBe(1_124);
    expect(raw.writableLength).toBe(0);
    transport.write(Buffer.alloc(1_025));
    expect(transport.bytesWaiting).toBe(2_149);
    expect(raw.writableLength).toBe(2_149);
    transport.write(Buffer.alloc(10));
    expect(transport.bytesWaiting).toBe(2_159);
    expect([cork.mock.calls.length, uncork.mock.calls.length]).toEqual([1, 0]);
    await turn();
    expect([cork.mock.calls.length, uncork.mock.calls.length]).toEqual([1, 1]);
    // One small piece at the end of a turn needs no cork.
    transport.write(Buffer.alloc(1));
    await turn();
    expect(cork).toHaveBeenCalledTimes(1);
    expect(raw.writableLength).toBe(0);
    transport.write(Buffer.alloc(1_025));
    expect([cork.mock.calls.length, uncork.mock.calls.length]).toEqual([2, 1]);
    await turn();
    expect(uncork).toHaveBeenCalledTimes(2);
  });

  it('joins up to 16 KiB of small packets', async () => {
    const written: number[] = [];
    const raw = new PassThrough();
    raw.write = (chunk: Buffer) => written.push(chunk.length) > 0;
    const { transport } = open(raw);
    for (let n = 0; n < 17; n++) transport.write(Buffer.alloc(1_024));
    expect(written).toEqual([16 * 1_024]);
    await turn();
    expect(written).toEqual([16 * 1_024, 1_024]);
  });

  it('assumes nothing waits in a stream that does not report it', () => {
    const raw = new PassThrough();
    Object.defineProperty(raw, 'writableLength', { value: undefined });
    expect(open(raw).transport.bytesWaiting).toBe(0);
  });

  it('does not report unsent data as sent', async () => {
    const { raw, transport } = open();
    transport.kill();
    expect(transport.write(Buffer.from('late'))).toBe(false);
    raw.destroy();
    const ended = open();
    ended.raw.emit('end');
    expect(ended.transport.write(Buffer.from('late'))).toBe(false);
    await turn();
  });

  it('writes nothing to a destroyed stream', async () => {
    const { raw, transport } = open();
    const late = vi.fn();
    raw.write = late;
    transport.write(Buffer.from('late'));
    raw.destroy();
    await turn();
    await turn();
    expect(late).not.toHaveBeenCalled();
  });

  it('reports a full stream, and treats its drain as a sign of life', async () => {
    const { raw, transport } = open();
    raw.accept = false;
    const drained = vi.fn();
    transport.on('drain', drained);
    expect(transport.write(Buffer.alloc(64))).toBe(true);
    await turn();
    expect(transport.write(Buffer.alloc(1_100))).toBe(false);
    expect(drained).not.toHaveBeenCalled();
    expect(transport.blocked).toBe(true);
    const before = transport.lastLifeAt;
    await new Promise((resolve) => setTimeout(resolve, 5));
    raw.accept = true;
    for (const go of raw.stalled.splice(0)) go();
    await turn();
    expect(drained).toHaveBeenCalledOnce();
    expect(transport.blocked).toBe(false);
    expect(transport.lastLifeAt).toBeGreaterThan(before);
    expect(transport.bytesWritten).toBe(1_164);
  });

  it('ends the stream after what was written', async () => {
    const { raw, transport } = open();
    const finished = new Promise((resolve) => raw.once('finish', resolve));
    transport.write(Buffer.from('goodbye'));
    transport.end();
    await finished;
    expect(Buffer.concat(raw.written).toString()).toBe('goodbye');
  });
});

describe('reading', () => {
  it('counts bytes and records when the last arrived', async () => {
    const { raw, transport } = open();
    const before = transport.lastLifeAt;
    await new Promise((resolve) => setTimeout(resolve, 5));
    await feed(raw, ['SSH-2.0-x\r\n', '12345']);
    expect(transport.bytesRead).toBe(16);
    expect(transport.lastLifeAt).toBeGreaterThan(before);
  });

  it('stops the stream while nobody reads, and loses nothing', async () => {
    const raw = new Raw();
    const transport = new Transport(raw, {
      onIdentification: () => {},
      onInvalid: () => {},
      onEnd: () => {},
    });
    await feed(raw, ['SSH-2.0-x\r\n', Buffer.alloc(2 << 20, 'a')]);
    expect(raw.isPaused()).toBe(true);
    raw.push('z');
    let length = 0;
    transport.on('data', (chunk: Buffer) => {
      length += chunk.length;
    });
    await vi.waitFor(() => expect(length).toBe(11 + (2 << 20) + 1));
  });
});
