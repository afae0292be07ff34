import { PassThrough } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import { expect, it, onTestFinished, vi } from 'vitest';
import { ConnectionLost } from '../../src/errors/index.ts';
import { type ChannelOutcome, statusOf, wrapSession } from '../../src/ssh2/channels/session-channel.ts';
import { LostSignal } from '../../src/ssh2/transport/lost.ts';

const gone = new ConnectionLost('gone', { phase: 'session', host: 'pc', port: 22, why: 'socket' });
const done = { kind: 'exit', exitCode: 3 };
const closeTimeout = 1_000;
const turn = () => new Promise(setImmediate);

/** A session over what does nothing of what ssh2's channels do by themselves. */
function open() {
  const lost = new LostSignal();
  const stderr = new PassThrough();
  const raw = Object.assign(new PassThrough(), {
    ...{ stderr, close: vi.fn(), setWindow: vi.fn(), incoming: { state: 'open' } },
  });
  const onReleased = vi.fn();
  const session = wrapSession({} as Client, raw as unknown as ClientChannel, lost, onReleased, closeTimeout);
  const told: Array<string | ChannelOutcome> = [];
  const start = () =>
    session.start({
      onStdout: (chunk) => told.push(`1${chunk}`),
      onStderr: (chunk) => told.push(`2${chunk}`),
      onEnd: (outcome) => told.push(outcome),
    });
  /** As ssh2 does when the server has closed the channel and stdout was read. */
  const close = () => {
    raw.stderr.emit('close');
    raw.emit('close');
  };
  const endStderr = async () => {
    stderr.resume();
    stderr.end();
    await turn();
  };
  return { lost, raw, session, told, start, close, endStderr, onReleased };
}

it('ends with the exit code, once both streams are read', async () => {
  const { raw, session, told, start, close, endStderr, onReleased } = open();
  start();
  expect(session.isExitKnown).toBe(false);
  raw.emit('exit', 3);
  expect(session.isExitKnown).toBe(true);
  close();
  expect(onReleased).toHaveBeenCalledTimes(1);
  expect(told).toEqual([]);
  await endStderr();
  expect(told).toEqual([done]);
  expect(onReleased).toHaveBeenCalledTimes(1);
});

it.each([
  ['no status', undefined, { kind: 'no-status' }],
  ['a signal', [null, 'TERM', false, 'ended'], { kind: 'signal', signal: 'TERM', description: 'ended' }],
])('ends with %s', async (_what, exit, expected) => {
  const { raw, told, start, close, endStderr } = open();
  start();
  await endStderr();
  if (exit) raw.emit('exit', ...exit);
  close();
  expect(told).toEqual([expected]);
});

it('frees its slot if the server does not answer our CLOSE in time, and never twice', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { session, close, onReleased } = open();
  session.close();
  session.close();
  vi.advanceTimersByTime(closeTimeout - 1);
  expect(onReleased).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(onReleased).toHaveBeenCalledTimes(1);
  close();
  expect(onReleased).toHaveBeenCalledTimes(1);
});

it('reports the end to a late `start`', async () => {
  const { raw, told, start, close, endStderr } = open();
  await endStderr();
  raw.emit('exit', 3);
  close();
  start();
  expect(told).toEqual([done]);
});

it('does not crash by an error without a listener', () => {
  const { raw } = open();
  expect(() => raw.emit('error', new Error('odd'))).not.toThrow();
  expect(() => raw.stderr.emit('error', new Error('odd'))).not.toThrow();
});

it.each(['closed', 'eof'])('has its result even if the connection is lost after it (%s)', async (state) => {
  const { lost, raw, told, start, close, endStderr, onReleased } = open();
  start();
  raw.emit('exit', 3);
  raw.incoming.state = state;
  lost.declare(gone);
  expect(onReleased).toHaveBeenCalledTimes(1);
  expect(told).toEqual([]);
  await endStderr();
  close();
  expect(told).toEqual([done]);
});

it.each([
  ['its output', true, 'open'],
  ['its status', false, 'eof'],
])('is lost with the connection when %s is missing, after what had arrived', (_what, hasStatus, state) => {
  const { lost, raw, session, told, start, onReleased } = open();
  start();
  session.pause('stdout');
  session.pause('stderr');
  raw.push('out');
  raw.stderr.push('err');
  if (hasStatus) raw.emit('exit', 3);
  raw.incoming.state = state;
  lost.declare(gone);
  expect(told).toEqual(['1out', '2err', { kind: 'lost', error: gone }]);
  expect(onReleased).toHaveBeenCalledTimes(1);
  expect(lost.listenerCount).toBe(0);
});

it('settles each write, by itself if ssh2 has forgotten it', async () => {
  const { lost, raw, session } = open();
  const answers: unknown[] = [];
  const write = vi.spyOn(raw, 'write').mockImplementation(() => true);
  session.write(Buffer.from('a'), (error) => answers.push(['a', error]));
  session.write(Buffer.from('b'), (error) => answers.push(['b', error]));
  const first = write.mock.calls[0]![1] as unknown as (error?: Error) => void;
  first();
  first();
  expect(answers).toEqual([['a', undefined]]);
  lost.declare(gone);
  expect(answers).toEqual([
    ['a', undefined],
    ['b', gone],
  ]);
  session.write(Buffer.from('c'), (error) => answers.push(['c', error]));
  expect(answers.at(-1)).toEqual(['c', gone]);
  expect(write).toHaveBeenCalledTimes(2);
});

it('writes nothing after its own end', async () => {
  const { raw, session } = open();
  session.end();
  session.end();
  expect(raw.writableEnded).toBe(true);
  const told = new Promise((resolve) => session.write(Buffer.from('a'), resolve));
  expect(await told).toMatchObject({ code: 'EPIPE' });
});

it('is closed on request, even with unread output', () => {
  const { raw, session, start } = open();
  start();
  session.pause('stdout');
  session.pause('stderr');
  expect([raw.isPaused(), raw.stderr.isPaused()]).toEqual([true, true]);
  session.close();
  expect(raw.close).toHaveBeenCalledTimes(1);
  expect([raw.isPaused(), raw.stderr.isPaused()]).toEqual([false, false]);
});

it('sends nothing on a lost connection', () => {
  const { lost, raw, session } = open();
  session.resize(24, 80);
  expect(raw.setWindow.mock.calls).toEqual([[24, 80, 0, 0]]);
  lost.declare(gone);
  session.resize(1, 1);
  session.close();
  session.signal('TERM');
  session.end();
  expect(raw.setWindow).toHaveBeenCalledTimes(1);
  expect(raw.close).not.toHaveBeenCalled();
  expect(raw.writableEnded).toBe(false);
});

it('closes when Node destroys it, and ends its input once', () => {
  const { raw } = open();
  const end = vi.spyOn(raw, 'end');
  expect(raw.destroy()).toBe(raw);
  raw.destroy();
  expect(end).toHaveBeenCalledTimes(1);
  expect(raw.close).toHaveBeenCalledTimes(2);
});

it('truncates what a server says about a signal', () => {
  expect(statusOf(null)).toEqual({ kind: 'signal', signal: 'SIG?', description: '' });
  expect(statusOf(null, 'x'.repeat(41), 'y'.repeat(301))).toEqual({
    kind: 'signal',
    signal: `${'x'.repeat(40)}... (1 more)`,
    description: `${'y'.repeat(300)}... (1 more)`,
  });
  expect(statusOf(0)).toEqual({ kind: 'exit', exitCode: 0 });
});
