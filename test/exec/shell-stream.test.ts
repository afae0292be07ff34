import { getEventListeners, once } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ConnectionLost } from '../../src/errors/index.ts';
import { ShellStream } from '../../src/exec/shell/shell-stream.ts';
import type { ChannelSink, SessionChannel } from '../../src/ssh2/channels/session-channel.ts';

const where = { host: 'pc', port: 22 };
const exit = { kind: 'exit', exitCode: 3 } as const;

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** A shell over a channel that does nothing of itself. */
function open(signal?: AbortSignal, onStart: (sink: ChannelSink) => void = () => {}) {
  const channel = {
    start: vi.fn(onStart),
    write: vi.fn((_chunk: Buffer, _done: (error?: Error) => void) => {}),
    ...{ end: vi.fn(), close: vi.fn(), resize: vi.fn(), pause: vi.fn(), resume: vi.fn() },
  };
  const size = vi.fn();
  const shell = new ShellStream(channel as unknown as SessionChannel, where, { size, signal });
  return { channel, shell, size };
}

const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

async function textOf(shell: ShellStream) {
  let text = '';
  for await (const chunk of shell) text += chunk;
  return text;
}

it('ignores an abort after its end: remaining output can still be read', async () => {
  const stop = new AbortController();
  const { shell, channel } = open(stop.signal);
  shell.onStdout(Buffer.from('last '));
  shell.onStderr(Buffer.from('words'));
  shell.onEnd(exit);
  expect(listeners(stop.signal)).toBe(0);
  stop.abort(new Error('too late'));
  expect(await shell.exited).toEqual({ exitCode: 3, signal: null });
  expect(await textOf(shell)).toBe('last words');
  expect(channel.close).not.toHaveBeenCalled();
});

it('ends with the reason of an abort, without an unhandled rejection or error event', async () => {
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  const stop = new AbortController();
  const { shell, channel } = open(stop.signal);
  const closed = new Promise((resolve) => shell.once('close', resolve));
  const reason = new Error('enough');
  stop.abort(reason);
  expect(shell.errored).toBe(reason);
  expect(channel.close).toHaveBeenCalledTimes(1);
  shell.onEnd(exit);
  await closed;
  await new Promise(setImmediate);
  process.off('unhandledRejection', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
  await expect(shell.exited).rejects.toBe(reason);
});

it('accepts no input after its end', async () => {
  const { shell } = open();
  shell.resume();
  shell.onEnd(exit);
  await once(shell, 'end');
  expect(shell.writableEnded).toBe(true);
});

it('does not listen to the signal if it ended while being opened', () => {
  const { signal } = new AbortController();
  open(signal, (sink) => sink.onEnd(exit));
  expect(listeners(signal)).toBe(0);
});

it('is closed at once with the reason if it opens after the abort', async () => {
  const reason = new Error('enough');
  const { shell, channel } = open(AbortSignal.abort(reason));
  await expect(shell.exited).rejects.toBe(reason);
  expect(channel.close).toHaveBeenCalledTimes(1);
  shell.onEnd(exit);
});

it('when closed, releases its signal and discards unread output', async () => {
  const { signal } = new AbortController();
  const { shell, channel } = open(signal);
  expect(listeners(signal)).toBe(1);
  shell.onStdout(Buffer.alloc(256 * 1024));
  expect(channel.pause.mock.calls).toEqual([['stdout'], ['stderr']]);
  expect(channel.resume).not.toHaveBeenCalled();
  shell.destroy();
  expect(channel.resume.mock.calls).toEqual([['stdout'], ['stderr']]);
  expect(channel.close).toHaveBeenCalledTimes(1);
  expect(listeners(signal)).toBe(0);
  shell.onStdout(Buffer.alloc(256 * 1024));
  expect(channel.pause).toHaveBeenCalledTimes(2);
  shell.onEnd({ kind: 'no-status' });
  expect(await shell.exited).toEqual({ exitCode: null, signal: null });
});

it('pauses the sender while nobody reads, and resumes it when somebody does', async () => {
  const { shell, channel } = open();
  shell.onStdout(Buffer.alloc(256 * 1024 - 1));
  expect(channel.pause).not.toHaveBeenCalled();
  shell.onStdout(Buffer.alloc(1));
  expect(channel.pause).toHaveBeenCalledTimes(2);
  shell.resume();
  await once(shell, 'data');
  await vi.waitFor(() => expect(channel.resume.mock.calls).toEqual([['stdout'], ['stderr']]));
  shell.onEnd(exit);
});

it('waits two seconds for the reply to its close', async () => {
  const { shell } = open();
  let isClosed = false;
  const closed = shell.close().then(() => (isClosed = true));
  await vi.advanceTimersByTimeAsync(1_999);
  expect(isClosed).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  await closed;
  expect(await shell.exited).toEqual({ exitCode: null, signal: null });
});

it('does not close the channel again after its end', async () => {
  const { shell, channel } = open();
  shell.onEnd(exit);
  await shell.close();
  expect(channel.close).not.toHaveBeenCalled();
});

it('reports a failed write, but not after the end', async () => {
  const { shell, channel } = open();
  const fail = (index: number) => channel.write.mock.calls[index]![1](new Error('full'));
  const told: unknown[] = [];
  shell._write(Buffer.from('a'), 'utf8', (error) => told.push(error?.message));
  shell._write(Buffer.from('b'), 'utf8', (error) => told.push(error?.message));
  fail(0);
  // Never inside ssh2's own turn.
  expect(told).toEqual([]);
  await new Promise(process.nextTick);
  shell.onEnd(exit);
  fail(1);
  await new Promise(process.nextTick);
  expect(told).toEqual(['full', undefined]);
});

it('passes on the end of its input', async () => {
  const { shell, channel } = open();
  shell.end();
  await once(shell, 'finish');
  expect(channel.end).toHaveBeenCalledTimes(1);
  shell.onEnd(exit);
});

it('can be resized while it runs', () => {
  const { shell, channel, size } = open();
  shell.resize(40, 100);
  expect(size.mock.calls).toEqual([
    ['argument rows', 40],
    ['argument columns', 100],
  ]);
  shell.onEnd(exit);
  shell.resize(41, 101);
  expect(channel.resize.mock.calls).toEqual([[40, 100]]);
});

it('reports a lost connection after the output that had arrived, and in `exited`', async () => {
  const { shell } = open();
  const details = { phase: 'session', ...where, why: 'keepalive', reason: 'silence' } as const;
  shell.onStdout(Buffer.from('half'));
  shell.onEnd({ kind: 'lost', error: new ConnectionLost('the pc is gone', details) });
  const expected = {
    ...{ code: 'SSH_CONNECTION_LOST', why: 'keepalive', reason: 'silence', started: true, retryable: false },
    message: 'The connection to pc:22 was lost while a shell was open: silence',
  };
  await expect(shell.exited).rejects.toMatchObject(expected);
  const [chunk] = await once(shell, 'data');
  expect(String(chunk)).toBe('half');
  await expect(textOf(shell)).rejects.toMatchObject(expected);
});
