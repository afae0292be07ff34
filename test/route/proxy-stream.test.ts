import { getEventListeners } from 'node:events';
import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { beforeEach, expect, it, vi } from 'vitest';
import { ConnectionRefused } from '../../src/errors/index.ts';
import {
  hopOf,
  nameForOthers,
  openByProxy,
  proxyFailed,
  withoutLogin,
} from '../../src/route/proxy-stream.ts';
import { parseProxyUrl } from '../../src/route/proxy-url.ts';
import { StrangeAnswer } from '../../src/route/strange-answer.ts';
import { openTcp } from '../../src/route/tcp.ts';
import { routeContext } from '../support/route-context.ts';

vi.mock('../../src/route/tcp.ts', () => ({ openTcp: vi.fn() }));

const proxy = parseProxyUrl('url', 'http://kim:s3cret@proxy:3128', ['http']);
let socket: PassThrough;
beforeEach(() => {
  socket = new PassThrough();
  socket.on('error', () => {});
  vi.mocked(openTcp)
    .mockReset()
    .mockImplementation(async () => socket as unknown as Socket);
});

const target = (signal = new AbortController().signal) => routeContext({ host: 'pc', port: 9012, signal });
const failing = (error: unknown) => () => Promise.reject(error);
const coded = (code: string) => Object.assign(new Error('no'), { code });

it('returns the negotiated stream, whose errors are handled', async () => {
  const stream = new PassThrough();
  const { signal } = new AbortController();
  const routed = await openByProxy(proxy, target(signal), async () => stream as unknown as Socket);
  expect(routed.stream).toBe(stream);
  expect(() => stream.emit('error', new Error('late'))).not.toThrow();
  expect([stream.destroyed, socket.destroyed]).toEqual([false, false]);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  expect(vi.mocked(openTcp).mock.calls[0]![0]).toMatchObject({ host: 'proxy', port: 3128, signal });
});

it('closes the proxy connection if the negotiation fails, and leaves no listener on the signal', async () => {
  const { signal } = new AbortController();
  await expect(openByProxy(proxy, target(signal), failing(new Error('odd')))).rejects.toMatchObject({
    ...{ code: 'SSH_PROXY_FAILED', phase: 'route', host: 'pc', port: 9012, retryable: true },
    hop: 'proxy (proxy:3128)',
  });
  expect(socket.destroyed).toBe(true);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

it.each(['while it talks', 'at its end'])('is closed by an abort %s, with its reason', async (when) => {
  const stop = new AbortController();
  const reason = new Error('enough');
  const talk = async () => {
    stop.abort(reason);
    expect(socket.destroyed).toBe(true);
    if (when === 'while it talks') throw new Error('closed');
    return socket as unknown as Socket;
  };
  await expect(openByProxy(proxy, target(stop.signal), talk)).rejects.toBe(reason);
});

it('does not ask a proxy for an invalid name', async () => {
  const context = { ...target(), host: 'a b' };
  await expect(openByProxy(proxy, context, async () => socket as unknown as Socket)).rejects.toThrow(
    RangeError,
  );
  expect(openTcp).not.toHaveBeenCalled();
});

it('reports that the proxy itself cannot be reached', async () => {
  const details = {
    phase: 'tcp',
    host: 'proxy',
    port: 3128,
    errno: 'ECONNREFUSED',
    retryable: true,
  } as const;
  const cause = new ConnectionRefused('proxy:3128 refused the connection', details);
  vi.mocked(openTcp).mockRejectedValueOnce(cause);
  await expect(openByProxy(proxy, target(), failing('unused'))).rejects.toMatchObject({
    ...{ code: 'SSH_PROXY_FAILED', errno: 'ECONNREFUSED', retryable: true, cause },
    message: expect.stringContaining('could not be reached: proxy:3128 refused'),
  });
  const aborted = new Error('enough');
  vi.mocked(openTcp).mockRejectedValueOnce(aborted);
  await expect(openByProxy(proxy, target(), failing('unused'))).rejects.toBe(aborted);
});

it.each([
  [coded('SELF_SIGNED_CERT_IN_CHAIN'), /is not trusted: no$/, false],
  [coded('CERT_SIGNATURE_FAILURE'), /is not trusted: no$/, false],
  [coded('UNABLE_TO_GET_ISSUER_CERT'), /is not trusted: no$/, false],
  [coded('ERR_SSL_WRONG_VERSION_NUMBER'), /does not speak TLS$/, false],
  [coded('ERR_SSL_PACKET_LENGTH_TOO_LONG'), /does not speak TLS$/, false],
  [coded('ECONNRESET'), /did not answer as a proxy of this kind does: no$/, true],
  [new Error('s3cret is wrong'), /does: \*\*\* is wrong$/, true],
  [
    new StrangeAnswer(Buffer.from('SSH-2.0-x s3cret')),
    /is an SSH server: it said "SSH-2.0-x \*\*\*"$/,
    false,
  ],
  [new StrangeAnswer(Buffer.from('')), /as a proxy of this kind does$/, true],
  [new StrangeAnswer(Buffer.from('y'.repeat(100))), /it said "y{80}\.\.\. \(20 more\)"$/, true],
])('explains %s', async (error, message, retryable) => {
  const failed = openByProxy(proxy, target(), failing(error));
  await expect(failed).rejects.toMatchObject({ code: 'SSH_PROXY_FAILED', retryable });
  await expect(failed).rejects.toThrow(message);
});

it('keeps SshErrors and TypeErrors unchanged', async () => {
  const ours = proxyFailed(proxy, target(), 'said no', { retryable: false });
  for (const error of [ours, new RangeError('far')])
    await expect(openByProxy(proxy, target(), failing(error))).rejects.toBe(error);
});

it('shows no credentials, neither itself nor in quoted text', () => {
  const basic = Buffer.from('kim:s3cret').toString('base64');
  expect(withoutLogin(`${basic} s3cret s3cret`, proxy)).toBe('*** *** ***');
  const cause = Object.assign(new Error('s3cret'), { code: 'EX', path: 's3cret' });
  const failed = proxyFailed(proxy, target(), 'x', { cause, retryable: true });
  expect(failed.cause).toMatchObject({ message: '***', code: 'EX' });
  expect(failed.cause).not.toHaveProperty('path');
  expect(hopOf(proxy, { ...target(), hop: 'jump 1 of 1' })).toBe('jump 1 of 1');
});

it.each([
  ['pc', 'pc'],
  ['회사.example', 'xn--vf4b131b.example'],
  ['::1', '::1'],
  ['a'.repeat(253), 'a'.repeat(253)],
])('shows %s as %s', (host, name) => {
  expect(nameForOthers(host)).toBe(name);
});

it.each(['', 'a b', 'a\nb', 'a'.repeat(254), 'fe80::1%eth0'])('shows nothing of %j', (host) => {
  expect(() => nameForOthers(host)).toThrow(RangeError);
});
