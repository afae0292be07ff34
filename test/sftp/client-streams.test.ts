import { Readable, type Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import {
  type ReadStreamOptions,
  readStream,
  type WriteStreamOptions,
  writeStream,
} from '../../src/sftp/client/streams.ts';
import { readWhole, writeWhole } from '../../src/sftp/client/whole-file.ts';
import { factsOf } from '../../src/windows/versions.ts';
import { memorySftp, where } from '../support/memory-sftp.ts';

type Server = Parameters<typeof memorySftp>[0];

const content = 'abcdefghijklmnopqrstuvwxyz';
const outcomeOf = (work: Promise<unknown>) => work.then(() => 'done').catch((error: Error) => error.message);

function server(options: Server = {}) {
  const memory = memorySftp({ files: { '/a': content }, maxRead: 4, maxWrite: 4, ...options });
  return { ...memory, sftp: memory.session() };
}

describe('a read stream', () => {
  async function read(options: ReadStreamOptions, of?: Server) {
    const memory = server(of);
    const stream = readStream(memory.sftp, '/a', { highWaterMark: 8, ...options });
    const bytes = await stream.toArray();
    await memory.quiet();
    expect(memory.handles()).toEqual([]);
    return { text: Buffer.concat(bytes).toString(), asked: memory.asked };
  }

  it('delivers all of the file, or the part between start and end', async () => {
    expect((await read({})).text).toBe(content);
    const { text, asked } = await read({ start: 2, end: 6 });
    expect(text).toBe('cdefg');
    expect(asked).toEqual(['open /a r', 'read #1 2+4', 'read #1 6+1', 'close #1']);
    expect((await read({ start: 30 })).text).toBe('');
  });

  it('requests no more than its consumer reads', async () => {
    const memory = server({ files: { '/a': Buffer.alloc(4_000_000) }, maxRead: 400_000 });
    const stream = readStream(memory.sftp, '/a', { highWaterMark: 800_000 });
    await new Promise((resolve) => stream.once('readable', resolve));
    await memory.quiet();
    const reads = memory.asked.filter((request) => request.startsWith('read')).length;
    expect(reads).toBeLessThanOrEqual(6);
    stream.destroy();
    await memory.quiet();
    expect(memory.asked.filter((request) => request.startsWith('read'))).toHaveLength(reads);
    expect(memory.asked.at(-1)).toBe('close #1');
    expect(memory.handles()).toEqual([]);
  });

  it("fails with the server's error, and closes the file", async () => {
    const memory = server({ refuse: (request) => (request === 'read #1 4+4' ? 4 : undefined) });
    const stream = readStream(memory.sftp, '/a', { highWaterMark: 8 });
    expect(await outcomeOf(stream.toArray())).toBe('read of "/a" refused');
    await memory.quiet();
    expect(memory.handles()).toEqual([]);
    const missing = server({ files: {} });
    expect(await outcomeOf(readStream(missing.sftp, '/a').toArray())).toBe('open refused');
    await missing.quiet();
    expect(missing.asked).toEqual(['open /a r']);
  });

  it('destroyed while it opens emits no error and closes the file', async () => {
    const memory = server();
    const stream = readStream(memory.sftp, '/a', { highWaterMark: 8 });
    const errors: unknown[] = [];
    stream.on('error', (error) => errors.push(error));
    const closed = new Promise((resolve) => stream.once('close', resolve));
    stream.destroy();
    await closed;
    await memory.quiet();
    expect(errors).toEqual([]);
    expect(memory.handles()).toEqual([]);
    expect(memory.asked.some((request) => request.startsWith('read'))).toBe(false);
  });

  it('destroyed while it waits for a file in use sends no more requests', async () => {
    const memory = server({
      windows: factsOf('9.5'),
      refuse: (request) => (request.startsWith('open') ? 4 : undefined),
    });
    const stream = readStream(memory.sftp, '/a', { highWaterMark: 8 });
    const errors: unknown[] = [];
    stream.on('error', (error) => errors.push(error));
    await memory.quiet();
    stream.destroy();
    await new Promise((resolve) => stream.once('close', resolve));
    expect([memory.asked, errors]).toEqual([['open /a r'], []]);
  });

  it('is destroyed even if CLOSE is refused, and sends no CLOSE once the session has ended', async () => {
    const memory = server({ refuse: (request) => (request.startsWith('close') ? 4 : undefined) });
    expect(await outcomeOf(readStream(memory.sftp, '/a', { highWaterMark: 8 }).toArray())).toBe('done');
    const over = server();
    const stream = readStream(over.sftp, '/a', { highWaterMark: 4 });
    await new Promise((resolve) => stream.once('readable', resolve));
    await over.sftp.close();
    const asked = over.asked.length;
    stream.destroy();
    await new Promise((resolve) => stream.once('close', resolve));
    expect(over.asked).toHaveLength(asked);
  });
});

describe('a write stream', () => {
  async function write(options: WriteStreamOptions, of?: Server) {
    const memory = server(of);
    const stream = writeStream({ sftp: memory.sftp, where }, '/a', options);
    const end = await outcomeOf(
      finished(Readable.from([Buffer.from('12345'), Buffer.from('6')]).pipe(stream)),
    );
    await memory.quiet();
    expect(memory.handles()).toEqual([]);
    return { ...memory, end, text: memory.content('/a') };
  }

  it.each<[WriteStreamOptions, string, string]>([
    [{}, 'wct', '123456'],
    [{ start: 2 }, 'wct', '\0\x00123456'],
    [{ flags: 'r+', start: 2 }, 'w', 'ab123456ijklmnopqrstuvwxyz'],
    [{ flags: 'a' }, 'wac', `${content}123456`],
    [{ flags: 'a', start: 3 }, 'wac', `${content}123456`],
    [{ mode: 0o600 }, 'wct mode=600', '123456'],
  ])('opens the file as its options say: %j', async (options, flags, text) => {
    const written = await write(options);
    expect(written.asked[0]).toBe(`open /a ${flags}`);
    expect([written.end, written.text]).toEqual(['done', text]);
    expect(written.findings.writesOneByOne).toBe(false);
  });

  it('with wx creates only a new file, without retries', async () => {
    expect((await write({ flags: 'wx' })).end).toBe('open refused');
    const windows = await write({ flags: 'wx' }, { windows: factsOf('9.5') });
    expect(windows.asked).toEqual(['open /a wcx']);
    expect((await write({ flags: 'wx' }, { files: {} })).text).toBe('123456');
  });

  it('appends at the end reported by STAT, and fails if no size is reported', async () => {
    const untold = (of: RegExp): Server => ({
      tells: ({ size, ...told }, request) => (of.test(request) ? told : { ...told, ...(size && { size }) }),
    });
    const byPath = await write({ flags: 'a' }, untold(/^fstat/));
    expect(byPath.asked.slice(0, 4)).toEqual(['open /a wac', 'fstat #1', 'stat /a', 'write #1 26+4']);
    const never = await write({ flags: 'a' }, untold(/stat/));
    expect(never.end).toBe(
      'SFTP append to "/a" on pc:22 failed: the server does not report the size of the file, so nothing can be appended',
    );
    expect(never.text).toBe(content);
  });

  it('sends writes one at a time with writesInOrder', async () => {
    expect((await write({ writesInOrder: true })).findings.writesOneByOne).toBe(true);
  });

  it.each([
    ['write #1 0+4', 'write of "/a" refused'],
    ['write #1 4+2', 'write of "/a" refused'],
    ['close #1', 'close of "/a" refused'],
  ])('fails with the refusal of %s', async (refused, end) => {
    const written = await write({}, { refuse: (request) => (request === refused ? 4 : undefined) });
    expect(written.end).toBe(end);
  });

  it('closes the file once, at the end or when destroyed', async () => {
    const written = await write({});
    expect(written.asked.filter((request) => request.startsWith('close'))).toEqual(['close #1']);
    const memory = server();
    const stream: Writable = writeStream({ sftp: memory.sftp, where }, '/a');
    stream.write('1234');
    await memory.quiet();
    stream.destroy();
    await new Promise((resolve) => stream.once('close', resolve));
    await memory.quiet();
    expect(memory.asked.slice(-1)).toEqual(['close #1']);
    expect(memory.handles()).toEqual([]);
  });

  it('destroyed after the session has ended sends nothing', async () => {
    const memory = server();
    const stream = writeStream({ sftp: memory.sftp, where }, '/a');
    await memory.quiet();
    await memory.sftp.close();
    stream.destroy();
    await new Promise((resolve) => stream.once('close', resolve));
    expect(memory.asked).toEqual(['open /a wct']);
  });
});

describe('a whole file', () => {
  it('is read to its end, in pieces of any length', async () => {
    for (const [length, maxRead] of [
      [0, 50_000],
      [200_001, 50_000],
      [20_000, 999],
      [140_000, 4_095],
      [9_000, 4_096],
    ]) {
      const bytes = Buffer.from(Array.from({ length: length as number }, (_, at) => at % 251));
      const memory = server({ files: { '/a': bytes }, maxRead: maxRead as number });
      expect((await readWhole(memory.sftp, '/a', undefined)).equals(bytes)).toBe(true);
      await memory.quiet();
      expect(memory.handles()).toEqual([]);
    }
  });

  it('is not read further after an abort', async () => {
    const abort = new AbortController();
    const memory = server({
      files: { '/a': Buffer.alloc(20 << 20) },
      maxRead: 1 << 20,
      refuse: (request) =>
        request === 'read #1 0+1048576' ? (abort.abort(new Error('enough')) as undefined) : undefined,
    });
    await expect(readWhole(memory.sftp, '/a', abort.signal)).rejects.toThrow('enough');
    await memory.quiet();
    expect(memory.asked.filter((request) => request.startsWith('read')).length).toBeLessThan(4);
    expect(memory.asked.at(-1)).toBe('close #1');
  });

  it('is not read at all after an abort while it opens', async () => {
    const opening = new AbortController();
    const early = server({ refuse: () => opening.abort(new Error('never')) as undefined });
    await expect(readWhole(early.sftp, '/a', opening.signal)).rejects.toThrow('never');
    await early.quiet();
    expect(early.asked).toEqual(['open /a r', 'close #1']);
  });

  it('is not written further after an abort', async () => {
    const abort = new AbortController();
    const memory = server({
      order: 'one by one',
      refuse: (request) =>
        request === 'write #1 4+4' ? (abort.abort(new Error('enough')) as undefined) : undefined,
    });
    const options = { mode: undefined, signal: abort.signal };
    await expect(writeWhole(memory.sftp, '/a', Buffer.alloc(40), options)).rejects.toThrow('enough');
    await memory.quiet();
    expect(memory.asked).toEqual(['open /a wct', 'write #1 0+4', 'write #1 4+4', 'close #1']);
    const before = server();
    const aborted = { mode: undefined, signal: AbortSignal.abort(new Error('never')) };
    await expect(writeWhole(before.sftp, '/a', Buffer.alloc(4), aborted)).rejects.toThrow('never');
    expect(before.asked).toEqual([]);
    const opening = new AbortController();
    const early = server({ refuse: () => opening.abort(new Error('never')) as undefined });
    const whileOpening = { mode: undefined, signal: opening.signal };
    await expect(writeWhole(early.sftp, '/a', Buffer.alloc(4), whileOpening)).rejects.toThrow('never');
    await early.quiet();
    expect(early.asked).toEqual(['open /a wct', 'close #1']);
  });

  it('leaves no listener on the signal', async () => {
    const memory = server({ maxRead: 500_000 });
    const { signal } = new AbortController();
    let listeners = 0;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    };
    await readWhole(memory.sftp, '/a', signal);
    expect(listeners).toBe(0);
  });
});
