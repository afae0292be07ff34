import type { Client } from 'ssh2';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ConnectionLost } from '../../src/errors/index.ts';
import { boundWindows } from '../../src/ssh2/bounds/receive-window.ts';
import { OwnSession } from '../../src/ssh2/channels/own-session.ts';
import { openBareSession } from '../../src/ssh2/insides/session-shape.ts';
import { LostSignal } from '../../src/ssh2/transport/lost.ts';

const closeTimeout = 1_000;
const KiB = 1024;
const MiB = 1024 * KiB;

type Handler = (...given: unknown[]) => void;

/** What ssh2 1.17 has, as far as a session goes. */
function fakeClient({ window = 2 * MiB, packetSize = 32 * KiB } = {}) {
  const sent: unknown[] = [];
  const exceeded: string[] = [];
  const table = new Map<number, unknown>();
  const note =
    (name: string) =>
    (...given: unknown[]) =>
      void sent.push([name, ...given.map((one) => (Buffer.isBuffer(one) ? one.length : one))]);
  const handlers: Record<string, Handler> = {
    CHANNEL_DATA: () => {},
    CHANNEL_EXTENDED_DATA: () => {},
    CHANNEL_OPEN_CONFIRMATION: note('plain'),
  };
  const names = ['session', 'channelData', 'channelEOF', 'channelClose', 'channelWindowAdjust', 'signal'];
  const client = {
    _protocol: { _handlers: handlers, ...Object.fromEntries(names.map((name) => [name, note(name)])) },
    _chanMgr: {
      add: (one: unknown) => table.set(table.size, one).size - 1,
      get: (id: number) => table.get(id),
      update: (id: number, one: unknown) => table.set(id, one),
    },
  } as unknown as Client;
  boundWindows(client, (what) => exceeded.push(what));
  let session: OwnSession | undefined;
  openBareSession(client, OwnSession, (_error, opened) => {
    session = opened;
  });
  handlers['CHANNEL_OPEN_CONFIRMATION']?.(undefined, { recipient: 0, sender: 7, window, packetSize });
  sent.length = 0;
  if (!session) throw new Error('it was not opened');
  return { client, handlers, session, sent, exceeded };
}

function begun(options?: Parameters<typeof fakeClient>[0]) {
  const fake = fakeClient(options);
  const lost = new LostSignal();
  const seen: unknown[] = [];
  let released = 0;
  fake.session.begin(lost, () => released++, closeTimeout);
  const receive = (data: string | Buffer) => fake.handlers['CHANNEL_DATA']?.(undefined, 0, Buffer.from(data));
  const receiveError = (data: string) =>
    fake.handlers['CHANNEL_EXTENDED_DATA']?.(undefined, 0, Buffer.from(data), 1);
  const sink = {
    onStdout: (data: Buffer) => void seen.push(`out ${data}`),
    onStderr: (data: Buffer) => void seen.push(`err ${data}`),
    onEnd: (outcome: unknown) => void seen.push(outcome),
  };
  /** As ssh2 does at the server's CLOSE. */
  const close = () => {
    fake.session.incoming.state = 'closed';
    fake.session.close();
    fake.session.emit('close');
  };
  return { ...fake, lost, seen, receive, receiveError, sink, close, released: () => released };
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
const wellDone = { kind: 'exit', exitCode: 0 };

describe('the output of a session of our own', () => {
  it('that arrives before it is wanted waits, followed by its end', async () => {
    const { session, seen, receive, receiveError, sink, close, released } = begun();
    for (const piece of ['a', 'b', 'c']) receive(piece);
    receiveError('x');
    session.emit('exit', 0);
    close();
    await nextTurn();
    expect(seen).toEqual([]);
    expect(released()).toBe(1);
    session.start(sink);
    expect(seen).toEqual([]);
    await nextTurn();
    expect(seen).toEqual(['out a', 'out bc', 'err x', wellDone]);
  });

  it('keeps its order while its reader pauses and resumes, and the end waits for it', async () => {
    const { session, seen, receive, receiveError, sink, close } = begun();
    session.start(sink);
    receive('1');
    session.pause('stdout');
    receive('2');
    receiveError('e');
    receive('3');
    session.emit('exit', 0);
    close();
    await nextTurn();
    expect(seen).toEqual(['out 1', 'err e']);
    session.resume('stdout');
    await nextTurn();
    expect(seen).toEqual(['out 1', 'err e', 'out 2', 'out 3', wellDone]);
  });

  it('may be paused from its own handler', async () => {
    const { session, seen, receive, sink } = begun();
    const onStdout = (data: Buffer) => {
      sink.onStdout(data);
      session.pause('stdout');
    };
    session.start({ ...sink, onStdout });
    for (const piece of ['1', '2', '3']) receive(piece);
    for (const count of [1, 2]) {
      expect(seen).toHaveLength(count);
      session.resume('stdout');
      await nextTurn();
    }
    expect(seen).toEqual(['out 1', 'out 2', 'out 3']);
  });

  it('never exceeds the window, and what is read is granted again', async () => {
    const { session, sent, exceeded, receive, sink } = begun();
    session.start(sink);
    session.pause('stdout');
    for (let n = 0; n < 64; n++) receive(Buffer.alloc(32 * KiB));
    expect(session.held).toBe(2 * MiB);
    expect(sent).toEqual([]);
    receive('x');
    expect(exceeded[0]).toContain('it sent 1 bytes more than the window');
    expect(session.held).toBe(2 * MiB);
    session.resume('stdout');
    await nextTurn();
    expect(session.held).toBe(0);
    expect(sent).toEqual([['channelWindowAdjust', 7, 2 * MiB]]);
  });

  it('takes little more memory than its bytes, however small the pieces', async () => {
    const { session, seen, receive, sink } = begun();
    for (let n = 0; n < 100_000; n++) receive('x');
    session.start({ ...sink, onStdout: (data) => void seen.push(data.length) });
    await nextTurn();
    expect(seen.length).toBeLessThan(10);
    expect(seen.reduce((sum: number, length) => sum + (length as number), 0)).toBe(100_000);
  });

  it('is discarded once the session was given up', async () => {
    const { session, seen, receive, sink, close } = begun();
    session.start(sink);
    session.pause('stdout');
    receive('held');
    session.close();
    close();
    await nextTurn();
    expect(seen).toEqual(['out held', { kind: 'no-status' }]);
    const other = begun();
    other.receive('held');
    other.session.close();
    await nextTurn();
    expect(other.session.held).toBe(0);
  });
});

describe('the end of a session of our own', () => {
  afterEach(() => vi.useRealTimers());

  it('frees its slot if the server does not answer our CLOSE in time, and never twice', () => {
    vi.useFakeTimers();
    const { session, close, released } = begun();
    session.close();
    session.close();
    vi.advanceTimersByTime(closeTimeout - 1);
    expect(released()).toBe(0);
    vi.advanceTimersByTime(1);
    expect(released()).toBe(1);
    close();
    vi.runAllTimers();
    expect(released()).toBe(1);
  });

  it('starts no timer if the server has sent CLOSE first, and leaves none behind if it answers', () => {
    vi.useFakeTimers();
    const first = begun();
    first.close();
    const second = begun();
    second.session.close();
    expect(vi.getTimerCount()).toBe(1);
    second.close();
    expect([first.released(), second.released(), vi.getTimerCount()]).toEqual([1, 1, 0]);
  });

  const error = new ConnectionLost('gone', { phase: 'session', host: 'h', port: 1, why: 'socket' });

  it('is a loss if the connection is lost before the server has sent everything', () => {
    const { session, seen, receive, sink, lost, released } = begun();
    session.start(sink);
    session.pause('stdout');
    receive('so far');
    session.emit('exit', 0);
    lost.declare(error);
    session.incoming.state = 'closed';
    session.emit('close');
    expect(seen).toEqual(['out so far', { kind: 'lost', error }]);
    expect(released()).toBe(1);
    expect(lost.listenerCount).toBe(0);
  });

  it('is the exit status if it has', async () => {
    const { session, seen, sink, lost } = begun();
    session.start(sink);
    session.emit('exit', 0);
    session.incoming.state = 'eof';
    lost.declare(error);
    await nextTurn();
    expect(seen).toEqual([wellDone]);
  });

  it('reports a signal, escaped and truncated', async () => {
    const { session, seen, sink, close } = begun();
    session.start(sink);
    session.emit('exit', null, 'SIGTERM\u001b', false, 'x'.repeat(1_000));
    close();
    await nextTurn();
    expect(seen).toMatchObject([{ kind: 'signal', signal: 'SIGTERM\\x1b' }]);
  });

  it('is never reported within the packet handler', async () => {
    const { session, seen, sink, close } = begun();
    session.start(sink);
    close();
    expect(seen).toEqual([]);
    await nextTurn();
    expect(seen).toEqual([{ kind: 'no-status' }]);
  });
});

describe('the input of a session of our own', () => {
  it('is sent in packets that the server accepts, within its window, followed by EOF', () => {
    const { session, sent } = begun({ window: 70 * KiB });
    const answers: unknown[] = [];
    session.write(Buffer.alloc(60 * KiB), (problem) => answers.push(problem));
    session.write(Buffer.alloc(20 * KiB), (problem) => answers.push(problem));
    session.end();
    expect(sent).toEqual([32, 28, 10].map((size) => ['channelData', 7, size * KiB]));
    expect(answers).toEqual([undefined]);
    // As ssh2 does when more is granted.
    session.outgoing.window += MiB;
    session._chunkcb?.();
    expect(sent.slice(3)).toEqual([
      ['channelData', 7, 10 * KiB],
      ['channelEOF', 7],
    ]);
    expect(answers).toEqual([undefined, undefined]);
  });

  it('fails if the session ends first', async () => {
    const { session, sink, close } = begun({ window: 1 });
    session.start(sink);
    const answers: unknown[] = [];
    session.write(Buffer.alloc(10), (problem) => answers.push(problem));
    close();
    await nextTurn();
    session.write(Buffer.alloc(10), (problem) => answers.push(problem));
    expect(answers).toMatchObject([{ code: 'EPIPE' }, { code: 'EPIPE' }]);
  });
});

it('a channel that is not ours is left to ssh2', () => {
  const { handlers, sent } = fakeClient();
  handlers['CHANNEL_OPEN_CONFIRMATION']?.(undefined, { recipient: 5, sender: 1, window: 1, packetSize: 1 });
  expect(sent).toHaveLength(1);
});

it('an undefined signal, and any after the end, are ignored', async () => {
  const { client, session, sent, sink, close } = begun();
  session.start(sink);
  session.signal('TERM');
  Object.assign((client as unknown as { _protocol: object })._protocol, {
    signal: () => {
      throw new Error('Invalid signal');
    },
  });
  session.signal('NONE');
  close();
  await nextTurn();
  session.signal('TERM');
  expect(sent).toEqual([
    ['signal', 7, 'TERM'],
    ['channelClose', 7],
  ]);
});
