import { Duplex, PassThrough } from 'node:stream';
import { expect, it, vi } from 'vitest';
import { readBanner } from '../../src/tunnel/banner-probe.ts';

const long = 20_000;

it('reads the identification string once complete, after any other lines', async () => {
  const stream = new PassThrough();
  const answer = readBanner(stream, long);
  stream.write('Welcome\r\nSSH-2.0-Open');
  await new Promise(setImmediate);
  stream.write('SSH_9.5\r\n');
  expect(await answer).toEqual({ kind: 'banner', banner: 'SSH-2.0-OpenSSH_9.5' });
  expect(stream.destroyed).toBe(true);
});

it('keeps 255 characters of a line, and gives up on 8 KiB without one', async () => {
  const chatty = new PassThrough();
  chatty.write(`SSH-2.0-${'x'.repeat(1_000)}\r\n`);
  expect(await readBanner(chatty, long)).toMatchObject({ banner: `SSH-2.0-${'x'.repeat(247)}` });
  const endless = new PassThrough();
  const answer = readBanner(endless, long);
  for (let lines = 0; lines < 9; lines++) endless.write(`${'y'.repeat(1_000)}\r\n`);
  expect(await answer).toEqual({ kind: 'ended' });
  const late = new PassThrough();
  late.write(`${'y'.repeat(8_190)}\r\n`);
  late.write('SSH-2.0-late\r\n');
  expect(await readBanner(late, long)).toEqual({ kind: 'banner', banner: 'SSH-2.0-late' });
});

it('leaves no timer behind', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const stream = new PassThrough();
    stream.write('SSH-2.0-x\r\n');
    await readBanner(stream, long);
    await expect(readBanner(new PassThrough(), long, AbortSignal.abort(new Error('no')))).rejects.toThrow(
      'no',
    );
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

it.each([
  ['its end', (stream: PassThrough) => void stream.end()],
  ['its close', (stream: PassThrough) => void stream.destroy()],
  ['an error', (stream: PassThrough) => void stream.destroy(new Error('reset'))],
])('treats %s as the end', async (_name, end) => {
  const stream = new PassThrough();
  const answer = readBanner(stream, long);
  end(stream);
  expect(await answer).toEqual({ kind: 'ended' });
});

it('treats the end of the readable side as the end, even if the stream is still writable', async () => {
  const halfOpen = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done(), allowHalfOpen: true });
  const answer = readBanner(halfOpen, long);
  halfOpen.push(null);
  expect(await answer).toEqual({ kind: 'ended' });
  expect(halfOpen.destroyed).toBe(true);
});

it('reports a peer as silent if it sends nothing in time', async () => {
  const stream = new PassThrough();
  expect(await readBanner(stream, 10)).toEqual({ kind: 'silent' });
  expect(stream.destroyed).toBe(true);
});

it('rejects with the reason of an abort, before and during the probe', async () => {
  const reason = new Error('enough');
  const early = new PassThrough();
  await expect(readBanner(early, long, AbortSignal.abort(reason))).rejects.toBe(reason);
  expect(early.destroyed).toBe(true);
  const abort = new AbortController();
  const stream = new PassThrough();
  const answer = readBanner(stream, long, abort.signal);
  abort.abort(reason);
  await expect(answer).rejects.toBe(reason);
  expect(stream.destroyed).toBe(true);
});
