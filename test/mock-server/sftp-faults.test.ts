import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MockServer, type SftpFaults, startMockServer } from '../../src/mock-server/index.ts';
import { RawSftp, string, uint32 } from './raw-sftp.ts';
import { call, login, openSftp, run, sleep } from './support.ts';

const [OPEN, READ, WRITE, LSTAT, SETSTAT, OPENDIR, READDIR, STAT, READLINK, EXTENDED] = [
  3, 5, 6, 7, 9, 11, 12, 17, 19, 200,
];
const zero64 = Buffer.alloc(8);
const noAttributes = uint32(0);

describe('an SFTP server that lies', () => {
  let server: MockServer;
  const start = async (sftp: SftpFaults) => {
    server.setFaults({ sftp });
    return RawSftp.open(await login(server));
  };
  const list = async (raw: RawSftp, path: string) => {
    const { fields } = await raw.ask(OPENDIR, string(path));
    return RawSftp.names((await raw.ask(READDIR, string(fields.bytes()))).fields);
  };
  const openFile = async (raw: RawSftp, path: string, flags = 1) =>
    string((await raw.ask(OPEN, string(path), uint32(flags), noAttributes)).fields.bytes());

  beforeEach(async () => {
    server = await startMockServer();
    server.files.write('/d/true', 'true content');
  });
  afterEach(() => server.close());

  it('lists names that lead out, which can be read', async () => {
    const raw = await start({ lieNames: ['../x', '/etc/passwd', 'a\0b', Buffer.from([0xff, 0xfe])] });
    const names = (await list(raw, '/d')).map((entry) => entry.name);
    expect(names.slice(3)).toEqual([
      Buffer.from('../x'),
      Buffer.from('/etc/passwd'),
      Buffer.from('a\0b'),
      Buffer.from([0xff, 0xfe]),
    ]);
    const handle = await openFile(raw, '/d/../x');
    const { fields } = await raw.ask(READ, handle, zero64, uint32(100));
    expect(fields.text()).toBe('lie\n');
    expect((await raw.ask(STAT, string('/d//etc/passwd'))).fields.attributes().size).toBe(4);
  });

  it('claims another size', async () => {
    const raw = await start({ lieSize: (size) => size + 1000 });
    expect((await raw.ask(STAT, string('/d/true'))).fields.attributes().size).toBe(1012);
    expect((await raw.ask(LSTAT, string('/d'))).fields.attributes().size).toBe(4096);
    expect((await list(raw, '/d'))[2]?.attributes.size).toBe(1012);
    const fixed = await start({ lieSize: Number.MAX_VALUE });
    expect((await fixed.ask(STAT, string('/d/true'))).fields.attributes().size).toBe(2 ** 64);
  });

  it('omits the size', async () => {
    const raw = await start({ statWithoutSize: true });
    const attributes = (await raw.ask(STAT, string('/d/true'))).fields.attributes();
    expect(attributes.size).toBeUndefined();
    expect(attributes.mode).toBe(0o100644);
  });

  it('lists endlessly', async () => {
    const raw = await start({ endlessReaddir: true });
    const { fields } = await raw.ask(OPENDIR, string('/d'));
    const handle = string(fields.bytes());
    for (let round = 0; round < 30; round++) {
      const names = RawSftp.names((await raw.ask(READDIR, handle)).fields);
      expect(names[0]?.name.toString()).toBe(`endless-${round * 100}`);
    }
  });

  it('replies twice', async () => {
    const raw = await start({ duplicateReplies: true });
    const first = await raw.ask(STAT, string('/d/true'));
    const second = await raw.next();
    expect([first.id, first.type]).toEqual([second.fields.uint32(), second.type]);
  });

  it('sends unsolicited replies', async () => {
    const raw = await start({ unaskedReplies: true });
    expect((await raw.ask(STAT, string('/d/true'))).id).toBe(0xdeadbeef);
    expect((await raw.next()).fields.uint32()).toBe(7);
  });

  it('returns less than requested', async () => {
    const raw = await start({ shortReads: 3 });
    const handle = await openFile(raw, '/d/true');
    expect((await raw.ask(READ, handle, zero64, uint32(100))).fields.text()).toBe('tru');
  });

  it('stores less than it acknowledges', async () => {
    const raw = await start({ shortWrites: 2 });
    const handle = await openFile(raw, '/d/new', 2 | 8);
    expect((await raw.ask(WRITE, handle, zero64, string('12345'))).fields.uint32()).toBe(0);
    expect(server.files.text('/d/new')).toBe('12');
  });

  it('fails the nth request of a kind, or all of them', async () => {
    const raw = await start({ failOp: { op: 'STAT', nth: 2, status: 3, message: 'no \x1b[31m' } });
    const status = async () => {
      const { type, fields } = await raw.ask(STAT, string('/d/true'));
      return type === 101 ? [fields.uint32(), fields.text()] : 'attributes';
    };
    expect([await status(), await status(), await status()]).toEqual([
      'attributes',
      [3, 'no \x1b[31m'],
      'attributes',
    ]);
    const all = await start({ failOp: { op: 'STAT' } });
    for (let round = 0; round < 3; round++)
      expect((await all.ask(STAT, string('/d/true'))).fields.uint32()).toBe(4);
  });

  it('never answers the nth request of a kind, but answers the others', async () => {
    const raw = await start({ hangOp: { op: 'STAT', nth: 1 } });
    raw.send(STAT, uint32(1), string('/d/true'));
    raw.send(STAT, uint32(2), string('/d/true'));
    expect((await raw.next()).fields.uint32()).toBe(2);
    await sleep(20);
    expect(raw.waitingReplies).toBe(0);
  });

  it('has a folder that is a link to itself', async () => {
    const raw = await start({ symlinkLoop: true });
    const loop = (await list(raw, '/d')).find((entry) => entry.name.toString() === 'loop');
    expect(loop?.attributes.mode).toBe(0o120777);
    expect(RawSftp.names((await raw.ask(READLINK, string('/d/loop'))).fields)[0]?.name.toString()).toBe('.');
    const deep = await list(raw, '/d/loop/loop/loop');
    expect(deep.map((entry) => entry.name.toString())).toEqual(['.', '..', 'true', 'loop']);
  });

  it('lists a name of 64 KiB', async () => {
    const raw = await start({ hugeName: true });
    expect((await list(raw, '/d')).at(-1)?.name.length).toBe(65_536);
  });

  it('never sends its version', async () => {
    server.setFaults({ sftp: { noVersion: true } });
    const raw = await RawSftp.open(await login(server), { version: false });
    await sleep(50);
    expect(raw.waitingReplies).toBe(0);
  });

  it('refuses to set attributes', async () => {
    const raw = await start({ refuseSetstat: true });
    expect((await raw.ask(SETSTAT, string('/d/true'), noAttributes)).fields.uint32()).toBe(3);
    const lsetstat = await raw.ask(EXTENDED, string('lsetstat@openssh.com'), string('/d/true'), noAttributes);
    expect(lsetstat.fields.uint32()).toBe(3);
  });

  it('advertises limits and never reports them', async () => {
    const raw = await start({ noLimits: true });
    raw.send(EXTENDED, uint32(1), string('limits@openssh.com'));
    expect((await raw.ask(STAT, string('/d/true'))).id).toBe(7);
  });

  it('sends a packet that is not SFTP', async () => {
    const raw = await start({ garbagePacket: true });
    expect((await raw.next()).type).toBe(250);
    server.setFaults({ sftp: { garbagePacket: true } });
    await expect(openSftp(await login(server))).rejects.toThrow('Unknown packet type 250');
  });
});

describe('the SFTP responder', () => {
  it('survives truncated, unknown and oversized packets', async () => {
    await using server = await startMockServer();
    const client = await login(server);
    const raw = await RawSftp.open(client);
    expect((await raw.ask(STAT)).fields.uint32()).toBe(5);
    expect((await raw.ask(STAT, uint32(1000))).fields.uint32()).toBe(5);
    expect((await raw.ask(99)).fields.uint32()).toBe(8);
    const closed = new Promise((resolve) => raw.channel.on('close', resolve));
    raw.channel.write(Buffer.from([0x7f, 0xff, 0xff, 0xff]));
    await closed;
    expect((await run(client, 'echo still here')).stdout).toBe('still here\n');
  });

  it('accepts packets in any pieces', async () => {
    await using server = await startMockServer();
    const raw = await RawSftp.open(await login(server));
    const whole = Buffer.concat([Buffer.from([0, 0, 0, 10, STAT ?? 17, 0, 0, 0, 9]), string('/')]);
    for (const byte of whole) raw.channel.write(Buffer.from([byte]));
    expect((await raw.next()).fields.uint32()).toBe(9);
  });

  it('answers thousands of pipelined requests in order', async () => {
    await using server = await startMockServer();
    server.files.write('/big', Buffer.alloc(32_768, 1));
    const sftp = await openSftp(await login(server));
    const handle = await call<Buffer>((done) => sftp.open('/big', 'r', done as never));
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 2_000 }, async (_, index) => {
        await call((done) => sftp.read(handle, Buffer.alloc(32_768), 0, 32_768, 0, done as never));
        order.push(index);
      }),
    );
    expect(order).toEqual(Array.from({ length: 2_000 }, (_, index) => index));
  });
});
