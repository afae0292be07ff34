import { EventEmitter } from 'node:events';
import type { ClientChannel } from 'ssh2';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ConnectionLost, type SshError } from '../../src/errors/index.ts';
import type { Link } from '../../src/ssh2/channels/link.ts';
import { SftpOperations } from '../../src/ssh2/sftp/operations.ts';
import { SftpSession } from '../../src/ssh2/sftp/session.ts';
import { encodePacket, type Field } from '../../src/ssh2/sftp/wire.ts';
import { Writes } from '../../src/ssh2/sftp/write-order.ts';
import { LostSignal } from '../../src/ssh2/transport/lost.ts';

afterEach(() => void vi.useRealTimers());

const where = { host: 'pc', port: 22, hop: 'pc' };
const turn = () => new Promise((resolve) => setImmediate(resolve));
const cut = () => new ConnectionLost('the line is cut', { ...where, phase: 'transfer', why: 'socket' });
const ok = [0, 'fine', ''] as const;

/** A session over a channel that is not there. */
function session({ timeout = 1_000, serverVersion = 'SSH-2.0-OpenSSH_9.9' } = {}) {
  const calls: string[] = [];
  const written: Buffer[] = [];
  const lost = new LostSignal();
  const link = {
    ...{ client: {}, lost, where, channelTimeout: Infinity },
    slots: {
      leave: () => {
        calls.push('leaves');
        return () => void calls.push('has left');
      },
    },
    releaseSession: () => void calls.push('released'),
  } as unknown as Link;
  const stderr = Object.assign(new EventEmitter(), { resume: () => void calls.push('stderr') });
  const channel = Object.assign(new EventEmitter(), {
    stderr,
    write: (data: Buffer) => void written.push(data),
    end: () => void calls.push('end'),
    close: () => void calls.push('close'),
    resume: () => void calls.push('resume'),
  });
  const own = new SftpSession(link, channel as unknown as ClientChannel, timeout);
  const operations = new SftpOperations(own, {
    limits: { maxRead: 1_000, maxWrite: 1_000, maxHandles: 10 },
    ...{ roundTrip: 7, receiveWindow: 9, serverVersion, writes: new Writes('free') },
  });
  return {
    ...{ session: own, operations, calls, written, lost, channel, stderr },
    /** What the server says. */
    says: (type: number, id: number | undefined, ...fields: Field[]) =>
      void channel.emit('data', encodePacket(type, id, fields)),
    raw: (bytes: Buffer) => void channel.emit('data', bytes),
  };
}

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const status = { operation: 'stat', path: '/a', type: 17, fields: ['/a'] as const };
const outcome = async (promise: Promise<unknown>) =>
  Promise.race([
    promise.then((value) => ({ value })).catch((error: unknown) => ({ error })),
    turn().then(turn),
  ]);

describe('the beginning', () => {
  it('is INIT at once, and VERSION from the server', async () => {
    const all = session();
    const version = all.session.handshake();
    expect(all.written).toEqual([bytes('00000005 01 00000003')]);
    all.says(2, undefined, 3, 'name', 'data');
    const reader = await version;
    expect([reader.uint32(), reader.bytes().toString(), reader.left]).toEqual([3, 'name', 8]);
  });

  it('fails with the session, and sends nothing if it has ended', async () => {
    const all = session();
    const version = all.session.handshake();
    all.session.fail(cut());
    await expect(version).rejects.toThrow('the line is cut');
    await expect(all.session.handshake()).rejects.toThrow('the line is cut');
    expect(all.written).toHaveLength(1);
  });

  it('ignores a second VERSION', async () => {
    const all = session();
    const version = all.session.handshake();
    all.says(2, undefined, 3);
    await version;
    all.says(2, undefined, 4);
    expect(all.session.ended).toBeUndefined();
  });

  it('accepts no reply before VERSION', async () => {
    const all = session();
    void all.session.handshake().catch(() => {});
    all.says(101, 9, ...ok);
    expect(all.session.ended).toBeUndefined();
    const asked = all.operations.stat('/a');
    all.says(105, 0, 0);
    await expect(asked).rejects.toThrow('an answer before its version, which is not SFTP');
  });

  it('does not count the time before it', async () => {
    vi.useFakeTimers();
    const all = session({ timeout: 400 });
    void all.session.handshake();
    const asked = outcome(all.operations.stat('/a'));
    vi.advanceTimersByTime(3_000);
    all.says(2, undefined, 3);
    vi.advanceTimersByTime(399);
    expect(all.session.busy).toBe(true);
    vi.advanceTimersByTime(200);
    vi.useRealTimers();
    expect(await asked).toMatchObject({ error: { code: 'SSH_CHANNEL_TIMEOUT', timeoutMs: 400 } });
  });
});

describe('requests', () => {
  it('of one tick are sent together, those of the next after them', async () => {
    const all = session();
    void outcome(all.operations.stat('/a'));
    void outcome(all.operations.lstat('/b'));
    expect(all.written).toEqual([]);
    await turn();
    expect(all.written).toEqual([Buffer.concat([encodePacket(17, 0, ['/a']), encodePacket(7, 1, ['/b'])])]);
    void outcome(all.operations.stat('/c'));
    await turn();
    expect(all.written.slice(1)).toEqual([encodePacket(17, 2, ['/c'])]);
    await turn();
    expect(all.written).toHaveLength(2);
  });

  it('that are large are sent alone, after those before them', () => {
    const all = session();
    const small = Buffer.alloc(8 * 1024, 1);
    const large = Buffer.alloc(8 * 1024 + 1, 2);
    all.session.send(small);
    expect(all.written).toEqual([]);
    all.session.send(large);
    expect(all.written).toEqual([small, large]);
  });

  it('are batched up to a limit', async () => {
    const all = session();
    for (let count = 0; count < 4; count++) all.session.send(Buffer.alloc(7 * 1024, count));
    expect(all.written).toEqual([]);
    all.session.send(Buffer.alloc(1));
    expect(all.written.map(({ length }) => length)).toEqual([28 * 1024 + 1]);
    all.session.send(Buffer.alloc(2));
    expect(all.written).toHaveLength(1);
    await turn();
    expect(all.written.map(({ length }) => length)).toEqual([28 * 1024 + 1, 2]);
    for (let count = 0; count < 4; count++) all.session.send(Buffer.alloc(7 * 1024, count));
    expect(all.written).toHaveLength(2);
  });

  it('that wait are not sent once the session has ended, and none after', async () => {
    const all = session();
    const asked = outcome(all.operations.stat('/a'));
    all.session.fail(cut());
    expect(await asked).toMatchObject({ error: { message: 'the line is cut' } });
    expect(await outcome(all.operations.stat('/b'))).toMatchObject({ error: { message: 'the line is cut' } });
    const done = vi.fn();
    all.operations.write(Buffer.from('h'), 0, { buffer: Buffer.alloc(300), start: 288, length: 3 }, done);
    expect(done.mock.calls).toEqual([[expect.any(ConnectionLost)]]);
    await turn();
    expect(all.written).toEqual([]);
  });

  it('time out one by one, and a late reply is ignored', async () => {
    vi.useFakeTimers();
    const all = session();
    all.operations.requestTimeout = 100;
    const asked = outcome(all.operations.stat('/a'));
    vi.advanceTimersByTime(1_000);
    vi.useRealTimers();
    expect(await asked).toMatchObject({
      error: { message: expect.stringContaining('SFTP stat of "/a" on pc:22') },
    });
    all.says(105, 0, 0);
    expect(all.session.ended).toBeUndefined();
    expect(all.session.busy).toBe(false);
  });

  it.each([100, Number.POSITIVE_INFINITY])(
    'that only clean up end the session when they time out, after %d ms',
    async (ms) => {
      vi.useFakeTimers();
      const all = session();
      all.operations.requestTimeout = ms;
      const asked = ['/a', '/b', '/c'].map((path) => outcome(all.operations.remove(path)));
      all.operations.cleanUp();
      vi.advanceTimersByTime(Math.min(ms, 60_000) - 1);
      expect(all.session.ended).toBeUndefined();
      vi.advanceTimersByTime(1);
      vi.useRealTimers();
      expect(all.session.ended).toMatchObject({ code: 'SSH_CHANNEL_TIMEOUT' });
      for (const one of asked) expect(await one).toMatchObject({ error: { code: 'SSH_CHANNEL_TIMEOUT' } });
      expect(all.session.busy).toBe(false);
    },
  );
});

describe('replies', () => {
  it('go to the request with their id, in any order', async () => {
    const all = session();
    const [first, second] = [all.operations.stat('/a'), all.operations.stat('/b')];
    expect(all.operations.busy).toBe(true);
    all.says(105, 1, 1, 22n);
    all.says(105, 0, 1, 11n);
    expect([await first, await second]).toEqual([{ size: 11 }, { size: 22 }]);
    expect(all.operations.busy).toBe(false);
  });

  it('are errors if a status arrives', async () => {
    const all = session();
    const asked = [all.operations.stat('/a'), all.operations.remove('/b'), all.operations.mkdir('/c')];
    all.says(101, 0, 2, 'gone', '');
    all.says(101, 1, 0);
    all.says(101, 2, 4);
    expect(await outcome(asked[0] as Promise<unknown>)).toMatchObject({
      error: { status: 2, reason: 'gone', operation: 'stat', path: '/a' },
    });
    expect(await outcome(asked[1] as Promise<unknown>)).toEqual({ value: undefined });
    expect(await outcome(asked[2] as Promise<unknown>)).toMatchObject({
      error: { status: 4, reason: 'failure' },
    });
  });

  it('of the wrong type are errors of the server', async () => {
    const all = session();
    const [stat, remove, empty] = [
      all.operations.stat('/a'),
      all.operations.remove('/b'),
      all.operations.stat('/c'),
    ];
    all.says(102, 0, 'handle');
    all.says(105, 1, 0);
    all.says(105, 2, 1);
    for (const asked of [stat, remove])
      expect(await outcome(asked)).toMatchObject({
        error: { reason: expect.stringMatching(/^a reply of type 10[25]/) },
      });
    expect(await outcome(empty)).toMatchObject({
      error: { reason: 'a field that is longer than its packet' },
    });
    expect(all.session.ended).toBeUndefined();
  });

  it('are read from several pieces', async () => {
    const all = session();
    const asked = all.operations.realPath('.');
    for (const byte of encodePacket(104, 0, [1, '/home', '', 0])) all.raw(Buffer.from([byte]));
    expect(await asked).toBe('/home');
    const again = all.operations.realPath('.');
    const reply = encodePacket(104, 1, [1, '/home/rpa', '', 0]);
    all.raw(reply.subarray(0, 20));
    all.raw(reply.subarray(20));
    expect(await again).toBe('/home/rpa');
  });

  it.each([
    [100, false],
    [106, false],
    [200, false],
    [101, true],
    [105, true],
    [201, true],
  ])('are packets of some types: %s', (type, isOne) => {
    const all = session();
    all.says(type, 99, 0, 0);
    expect(all.session.ended === undefined).toBe(isOne);
    if (!isOne)
      expect(all.session.ended?.message).toBe(
        `The SFTP session with pc:22 is over: the server sent a packet of type ${type}, which is not SFTP`,
      );
  });

  it('that are too short or unsolicited are ignored, up to a limit', () => {
    const all = session();
    void outcome(all.operations.stat('/a'));
    all.raw(bytes('00000005 65 00000000'));
    all.raw(bytes('00000008 65 00000000 000000'));
    expect(all.session.busy).toBe(true);
    const stray = encodePacket(101, 77, [0]);
    for (let count = 0; count < 10_000; count++) all.raw(stray);
    all.says(105, 0, 0);
    for (let count = 0; count < 10_000; count++) all.raw(stray);
    expect(all.session.ended).toBeUndefined();
    all.raw(stray);
    expect(all.session.ended?.message).toContain('10000 replies that nobody waits for');
    expect(all.session.ended?.retryable).toBe(false);
  });

  it('are ignored once the session has ended', () => {
    const all = session();
    const settled = vi.fn();
    all.session.request(status, settled);
    all.session.request(status, settled);
    all.session.request({ ...status }, () => all.session.fail(cut()));
    all.raw(Buffer.concat([encodePacket(105, 2, [0]), encodePacket(105, 0, [0])]));
    all.says(105, 1, 0);
    expect(settled.mock.calls).toEqual([
      [expect.any(ConnectionLost), undefined],
      [expect.any(ConnectionLost), undefined],
    ]);
  });

  it('whose reading throws end the session with that error', () => {
    const all = session();
    all.session.request(status, () => {
      throw new Error('a fault of ours');
    });
    all.says(105, 0, 0);
    expect(all.session.ended).toMatchObject({
      message: expect.stringContaining('reading an answer failed here: Error: a fault of ours'),
      retryable: false,
    });
  });

  it('may be interrupted by text', async () => {
    const all = session();
    const version = all.session.handshake();
    all.says(2, undefined, 3);
    await version;
    all.raw(Buffer.from('Broadcast message'));
    expect(all.session.ended?.message).toContain(
      'the server sent text in the middle of SFTP: "Broadcast message"',
    );
  });
});

describe('the end', () => {
  it.each([
    ['end', 'the server ended it'],
    ['close', 'the server closed it'],
  ])('is caused by the server: %s', async (event, reason) => {
    const all = session();
    const seen: SshError[] = [];
    all.operations.onEnded((error) => void seen.push(error));
    all.channel.emit(event);
    expect(all.operations.ended).toMatchObject({ reason, retryable: true });
    expect(seen).toEqual([all.operations.ended]);
    all.channel.emit('close');
    all.channel.emit('close');
    expect(all.calls.slice(1)).toEqual(['leaves', 'has left', 'released']);
    expect(all.lost.listenerCount).toBe(0);
    await turn();
    expect(all.calls.slice(4)).toEqual(['end', 'close', 'resume']);
  });

  it('is requested from the server, and awaited', async () => {
    const all = session();
    const asked = outcome(all.operations.stat('/a'));
    const closed = all.session.close();
    expect(await asked).toMatchObject({ error: { reason: 'it was closed', retryable: false } });
    expect(await outcome(closed)).toBeUndefined();
    expect(all.calls).toEqual(['stderr', 'leaves', 'end', 'close', 'resume']);
    all.channel.emit('close');
    expect(await outcome(closed)).toEqual({ value: undefined });
    expect(await outcome(all.session.close())).toEqual({ value: undefined });
    expect(all.calls.slice(5)).toEqual(['has left', 'released']);
  });

  it('is not awaited forever', async () => {
    vi.useFakeTimers();
    const all = session();
    const closed = all.session.close();
    await vi.advanceTimersByTimeAsync(4_999);
    const done = vi.fn();
    void closed.then(done);
    await vi.advanceTimersByTimeAsync(0);
    expect(done).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(done).toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves no timer behind', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const all = session();
    void outcome(all.operations.stat('/a'));
    const closed = all.session.close();
    all.channel.emit('close');
    await closed;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('comes with that of the connection, and sends nothing on the channel', async () => {
    const all = session();
    const error = cut();
    const asked = outcome(all.operations.stat('/a'));
    all.lost.declare(error);
    expect(all.operations.ended).toBe(error);
    expect(await asked).toEqual({ error });
    await turn();
    expect(all.calls).toEqual(['stderr', 'leaves', 'has left', 'released']);
    await all.session.close();
    const late = session();
    late.session.fail(cut());
    late.lost.declare(cut());
    await turn();
    expect(late.calls).toEqual(['stderr', 'leaves', 'has left', 'released']);
  });

  it('ignores errors of the channel', () => {
    const all = session();
    all.channel.emit('error', new Error('EPIPE'));
    all.stderr.emit('error', new Error('EPIPE'));
    expect(all.session.ended).toBeUndefined();
  });
});

describe('operations', () => {
  const handle = Buffer.from('h');

  it('read: bytes, the end, a refusal, and anything else', () => {
    const all = session();
    const seen: unknown[][] = [];
    const done = (...answer: unknown[]) => void seen.push(answer);
    for (let count = 0; count < 7; count++) all.operations.read(handle, 2 ** 40 + 5, 4, done);
    all.says(103, 0, 'abcd');
    all.says(101, 1, 1, 'EOF', '');
    all.says(101, 2, 4, '', '');
    all.says(105, 3, 0);
    all.says(103, 4, 'abcde');
    all.raw(bytes('0000000b 67 00000005 00000003 6161'));
    all.says(103, 6, 'ab');
    expect(seen[0]).toEqual([undefined, [Buffer.from('abcd')], 4]);
    expect(seen[1]).toEqual([undefined, undefined, 0]);
    expect(seen[2]).toEqual([expect.objectContaining({ status: 4 }), undefined, 0]);
    expect(seen[3]).toEqual([
      expect.objectContaining({ reason: expect.stringContaining('type 105') }),
      undefined,
      0,
    ]);
    for (const [index, length] of [
      [4, 5],
      [5, 2],
    ] as const) {
      const reason = `${length} bytes where 4 were asked for`;
      expect(seen[index]).toEqual([expect.objectContaining({ reason, operation: 'read' }), undefined, 0]);
    }
    expect(seen[6]).toEqual([undefined, [Buffer.from('ab')], 2]);
    expect(all.operations.badEnd(7)).toMatchObject({
      reason: 'an end of file at byte 7, and bytes from behind it',
    });
  });

  it('read: on a session that has ended', () => {
    const all = session();
    all.session.fail(cut());
    const done = vi.fn();
    all.operations.read(handle, 0, 4, done);
    expect(done.mock.calls).toEqual([[expect.any(ConnectionLost), undefined, 0]]);
  });

  it('release: closes the session unless it can be reused', () => {
    const all = session();
    all.operations.onRelease = () => {};
    all.operations.release();
    expect(all.operations.ended).toBeUndefined();
    const other = session();
    other.operations.release();
    expect(other.operations.ended).toMatchObject({ reason: 'it was closed' });
  });

  it('read: the fields of the request', async () => {
    const all = session();
    all.operations.read(handle, 2 ** 40 + 5, 4, () => {});
    await turn();
    expect(all.written[0]).toEqual(encodePacket(5, 0, [handle, 2n ** 40n + 5n, 4]));
  });

  it('write: the header before the data, in one buffer', () => {
    const all = session();
    const seen: unknown[][] = [];
    const done = (...answer: unknown[]) => void seen.push(answer);
    const buffer = Buffer.alloc(288 + 9_000, 'x');
    for (let count = 0; count < 3; count++)
      all.operations.write(handle, 2 ** 33 + 1, { buffer, start: 288, length: 8_999 }, done);
    expect(all.written[0]?.subarray(0, 35)).toEqual(
      encodePacket(6, 2, [handle, 2n ** 33n + 1n, 'x'.repeat(8_999)]).subarray(0, 35),
    );
    expect(all.written[0]).toHaveLength(26 + 8_999);
    all.says(101, 0, 0);
    all.says(101, 1, 14, 'no space', '');
    all.says(105, 2, 0);
    expect(seen).toEqual([
      [undefined],
      [expect.objectContaining({ status: 14, operation: 'write' })],
      [expect.objectContaining({ reason: expect.stringContaining('type 105') })],
    ]);
  });

  it('handles: of 256 bytes at most, and none twice until it is closed', async () => {
    const all = session();
    const long = Buffer.alloc(256, 7);
    const opened = all.operations.open('/a', 1);
    const second = outcome(all.operations.open('/b', 1));
    const third = outcome(all.operations.opendir('/c'));
    all.says(102, 0, long);
    all.says(102, 1, long);
    all.says(102, 2, Buffer.alloc(257));
    expect(await opened).toEqual(long);
    expect(await second).toMatchObject({ error: { reason: 'a handle by which something else is open' } });
    expect(await third).toMatchObject({
      error: { reason: 'a handle of 257 bytes', operation: 'opendir', path: '/c' },
    });
    void outcome(all.operations.closeHandle(long));
    const again = all.operations.open('/d', 1);
    all.says(102, 4, long);
    expect(await again).toEqual(long);
  });

  it('listings: names, and their end', async () => {
    const all = session();
    const reads = [
      all.operations.readdir(handle),
      all.operations.readdir(handle),
      outcome(all.operations.readdir(handle)),
    ];
    all.says(104, 0, 1, 'name', '-rw-r--r-- 1 a b', 0);
    all.says(101, 1, 1);
    all.says(101, 2, 3);
    expect(await reads[0]).toEqual([
      { raw: Buffer.from('name'), name: 'name', attributes: { mode: 0o100644 } },
    ]);
    expect(await reads[1]).toBeUndefined();
    expect(await reads[2]).toMatchObject({ error: { status: 3, operation: 'readdir' } });
  });

  it('names: exactly one if one is requested', async () => {
    const all = session();
    const [link, none] = [all.operations.readLink(Buffer.from('/l')), outcome(all.operations.realPath('/r'))];
    all.says(104, 0, 1, '/to', '', 0);
    all.says(104, 1, 0);
    expect(await link).toBe('/to');
    expect(await none).toMatchObject({ error: { reason: 'no name', operation: 'realPath', path: '/r' } });
  });

  it.each([
    ['SSH-2.0-OpenSSH_9.9', ['/to', '/l']],
    ['AsyncSSH_2.14', ['/l', '/to']],
  ])('links: in the order of the server: %s', async (serverVersion, order) => {
    const all = session({ serverVersion });
    void outcome(all.operations.symlink('/to', '/l'));
    await turn();
    expect(all.written[0]).toEqual(encodePacket(20, 0, order));
  });

  it('requests: each with its number, and the fields that it has', async () => {
    const all = session();
    const { operations } = all;
    const asked: [Promise<unknown>, number, ...Field[]][] = [
      [operations.open('/a', 26, { mode: 0o600 }), 3, '/a', 26, { mode: 0o600 }],
      [operations.closeHandle(handle), 4, handle],
      [operations.fstat(handle), 8, handle],
      [operations.setstat('/a', { mode: 1 }), 9, '/a', { mode: 1 }],
      [operations.fsetstat(handle, { mode: 1 }), 10, handle, { mode: 1 }],
      [operations.rename('/a', '/b'), 18, '/a', '/b'],
      [operations.rmdir('/a'), 15, '/a'],
      [operations.mkdir('/a'), 14, '/a', {}],
    ];
    for (const [promise] of asked) void outcome(promise);
    await turn();
    const expected = asked.map(([, type, ...fields], id) => encodePacket(type, id, fields));
    expect(all.written).toEqual([Buffer.concat(expected)]);
  });

  it('extensions: only those that the server offers', async () => {
    const all = session();
    all.operations.useExtensions(new Map([['a@b', '1']]));
    const ask = { operation: 'do', path: '/x', fields: ['/x'] };
    expect(await outcome(all.operations.extended({ ...ask, extension: 'c@d' }))).toMatchObject({
      error: { status: 8, reason: 'the server does not offer c@d' },
    });
    const plain = all.operations.extended({ ...ask, extension: 'a@b' });
    const read = all.operations.extended({ ...ask, extension: 'a@b', read: (reader) => reader.uint32() });
    await turn();
    expect(all.written[0]?.subarray(0, 22)).toEqual(encodePacket(200, 0, ['a@b', '/x']));
    all.says(101, 0, 0);
    all.says(201, 1, 42);
    expect(await plain).toBeUndefined();
    expect(await read).toBe(42);
  });
});
