import { EventEmitter, getEventListeners } from 'node:events';
import { Socket } from 'node:net';
import { beforeEach, expect, it, vi } from 'vitest';
import { openTcp, tcp } from '../../src/route/tcp.ts';
import { routeContext } from '../support/route-context.ts';

vi.mock('node:net', async (original) => ({ ...(await original<object>()), Socket: vi.fn() }));

class FakeSocket extends EventEmitter {
  connect = vi.fn();
  setNoDelay = vi.fn();
  setKeepAlive = vi.fn();
  destroy = vi.fn();
}
let socket: FakeSocket;
beforeEach(() => {
  socket = new FakeSocket();
  vi.mocked(Socket)
    .mockReset()
    .mockImplementation(function make() {
      return socket;
    } as never);
});

const context = (signal = new AbortController().signal) => routeContext({ host: 'gw', port: 9012, signal });
const failed = (code: string | undefined, message = 'no') => Object.assign(new Error(message), { code });

it('opens a socket with TCP_NODELAY and keepalive, with time for each address', async () => {
  const opening = tcp.open(context());
  socket.emit('connect');
  expect((await opening).stream).toBe(socket);
  expect(socket.connect.mock.calls).toEqual([
    [{ host: 'gw', port: 9012, autoSelectFamilyAttemptTimeout: 2_500 }],
  ]);
  expect(socket.setNoDelay).toHaveBeenCalledWith(true);
  expect(socket.setKeepAlive).toHaveBeenCalledWith(true);
});

it('leaves only an error listener on the socket once it is open', async () => {
  const { signal } = new AbortController();
  const opening = openTcp(context(signal));
  socket.emit('connect');
  await opening;
  expect(() => socket.emit('error', new Error('later'))).not.toThrow();
  expect([socket.listenerCount('error'), socket.listenerCount('connect')]).toEqual([1, 0]);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  expect(socket.destroy).not.toHaveBeenCalled();
});

it('opens nothing after an abort', async () => {
  const reason = new Error('enough');
  await expect(openTcp(context(AbortSignal.abort(reason)))).rejects.toBe(reason);
  expect(Socket).not.toHaveBeenCalled();
});

it('destroys a socket that is aborted', async () => {
  const stop = new AbortController();
  const opening = openTcp(context(stop.signal));
  stop.abort(new Error('enough'));
  await expect(opening).rejects.toThrow('enough');
  expect(socket.destroy).toHaveBeenCalledTimes(1);
  expect(socket.listenerCount('connect')).toBe(0);
  expect(() => socket.emit('error', new Error('later'))).not.toThrow();
});

it('destroys a socket that fails, and leaves no listener on the signal', async () => {
  const { signal } = new AbortController();
  const opening = openTcp(context(signal));
  socket.emit('error', failed('EHOSTUNREACH'));
  await expect(opening).rejects.toMatchObject({
    ...{ code: 'SSH_CONNECT_FAILED', errno: 'EHOSTUNREACH', phase: 'tcp', host: 'gw', port: 9012 },
    retryable: true,
    message: expect.stringContaining('EHOSTUNREACH'),
  });
  expect(socket.destroy).toHaveBeenCalledTimes(1);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

it.each([
  [failed('ECONNREFUSED'), { code: 'SSH_CONNECTION_REFUSED', retryable: true }],
  [failed('ENOTFOUND'), { code: 'SSH_HOST_NOT_FOUND', retryable: false, hint: /spelt correctly/ }],
  [failed('EMFILE'), { code: 'SSH_CONNECT_FAILED', retryable: true, hint: /This process .*ulimit -Hn/ }],
  [failed('ENFILE'), { code: 'SSH_CONNECT_FAILED', retryable: true, hint: /This machine .*fs\.file-max/ }],
  [failed('EADDRNOTAVAIL'), { code: 'SSH_CONNECT_FAILED', retryable: true, hint: /no free local port/ }],
  [failed('EAI_NODATA'), { code: 'SSH_HOST_NOT_FOUND', retryable: false, hint: /spelt correctly/ }],
  [failed('EAI_AGAIN'), { code: 'SSH_HOST_NOT_FOUND', retryable: true, hint: /did not answer/ }],
  [failed(undefined, 'odd'), { code: 'SSH_CONNECT_FAILED', message: /: odd$/ }],
  [
    new AggregateError([failed('ECONNREFUSED'), failed('ENETUNREACH')], ''),
    { code: 'SSH_CONNECTION_REFUSED', errno: 'ECONNREFUSED' },
  ],
])('explains %s', async (error, expected) => {
  const opening = openTcp(context());
  (socket as unknown as Socket).emit('error', error);
  const words = Object.entries(expected).map(([name, value]) => [
    name,
    value instanceof RegExp ? expect.stringMatching(value) : value,
  ]);
  await expect(opening).rejects.toMatchObject({ ...Object.fromEntries(words), cause: error });
});
