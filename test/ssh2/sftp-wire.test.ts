import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Greeting } from '../../src/ssh2/sftp/greeting.ts';
import { listedMode } from '../../src/ssh2/sftp/long-name.ts';
import { PacketSplitter, withWholeHead } from '../../src/ssh2/sftp/splitter.ts';
import {
  encodePacket,
  MalformedPacket,
  openFlag,
  PacketReader,
  packetType,
  type SftpAttributes,
  statusCode,
} from '../../src/ssh2/sftp/wire.ts';

describe('SFTP packets', () => {
  it('are found however the bytes are split', () => {
    const packet = fc.uint8Array({ minLength: 5, maxLength: 300 });
    fc.assert(
      fc.property(
        fc.array(packet, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 40 })),
        (bodies, cuts) => {
          const stream = Buffer.concat(
            bodies.map((body) => {
              const length = Buffer.alloc(4);
              length.writeUInt32BE(body.length);
              return Buffer.concat([length, body]);
            }),
          );
          const found: Buffer[] = [];
          const splitter = new PacketSplitter((pieces) => found.push(Buffer.concat(pieces)));
          for (let at = 0, turn = 0; at < stream.length; turn++) {
            const size = cuts[turn % (cuts.length || 1)] ?? 7;
            splitter.push(stream.subarray(at, at + size));
            at += size;
          }
          expect(found.map((body) => body.toString('hex'))).toEqual(
            bodies.map((body) => Buffer.from(body).toString('hex')),
          );
        },
      ),
    );
  });

  it.each([0, 1, 4, 300_000, 0xffffffff])(
    'of %i bytes are not SFTP, and nothing is allocated for them',
    (length) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(length);
      const splitter = new PacketSplitter(() => {});
      expect(() => splitter.push(bytes)).toThrow(MalformedPacket);
    },
  );

  it('round-trip attributes', () => {
    const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    const attributes = fc.record(
      { size: fc.maxSafeNat(), uid: uint32, gid: uint32, mode: uint32, atime: uint32, mtime: uint32 },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(attributes, (given) => {
        const packet = encodePacket(9, 7, [given]);
        const found = new PacketReader(packet, 9).attributes();
        const { size, mode } = given;
        expect(found.size).toBe(size);
        expect(found.mode).toBe(mode);
        expect(found.mtime).toBe(given.atime === undefined ? undefined : given.mtime);
        expect(found.gid).toBe(given.uid === undefined ? undefined : given.gid);
      }),
    );
  });

  it('with wrong field lengths are rejected, whatever they contain', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        for (const read of ['names', 'attributes', 'bytes', 'uint64', 'uint32'] as const) {
          try {
            new PacketReader(Buffer.from(bytes), 0)[read]();
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedPacket);
          }
        }
      }),
    );
  });

  it('cannot claim more names than they have bytes for', () => {
    const packet = Buffer.alloc(100);
    packet.writeUInt32BE(0xffffffff, 0);
    expect(() => new PacketReader(packet, 0).names()).toThrow(MalformedPacket);
  });
});

describe('the bounds of a packet', () => {
  const head = (length: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(length);
    return bytes;
  };

  it('are 5 bytes, and 256 KiB plus a margin', () => {
    const seen: number[] = [];
    const splitter = new PacketSplitter((pieces, length) => {
      expect(Buffer.concat(pieces)).toHaveLength(length);
      seen.push(length);
    });
    const most = 257 * 1024;
    for (const length of [5, most]) splitter.push(Buffer.concat([head(length), Buffer.alloc(length)]));
    expect(seen).toEqual([5, most]);
    expect(() => splitter.push(head(most + 1))).toThrow(`a packet of ${most + 1} bytes`);
  });

  it('show text in place of a packet, up to 200 bytes or NUL', () => {
    const textOf = (text: string) => {
      try {
        new PacketSplitter(() => {}).push(Buffer.from(text));
        return 'none';
      } catch (error) {
        return (error as MalformedPacket).text;
      }
    };
    expect(textOf('Hello, world \n')).toBe('Hello, world');
    expect(textOf('Hello\0world')).toBe('Hello');
    expect(textOf('\x1b[1mHi')).toBe('\x1b[1mHi');
    expect(textOf('x'.repeat(300))).toBe('x'.repeat(204));
    expect(textOf('abc\x01def')).toBeUndefined();
  });

  it('are applied without joining pieces unnecessarily', () => {
    const pieces = [Buffer.from('abc'), Buffer.from('de'), Buffer.from('f')];
    expect(withWholeHead(pieces, 3)).toBe(pieces);
    expect(withWholeHead(pieces, 4)).toEqual([Buffer.from('abcdef')]);
    expect(withWholeHead([], 0)).toEqual([]);
    const chunk = Buffer.concat([head(6), Buffer.from('abcdef')]);
    const seen: Buffer[][] = [];
    const splitter = new PacketSplitter((packet) => seen.push(packet));
    const [first, second] = [chunk.subarray(0, 4), chunk.subarray(4)];
    splitter.push(first);
    splitter.push(second);
    splitter.push(Buffer.concat([chunk, chunk.subarray(0, 7)]));
    splitter.push(chunk.subarray(7));
    expect(seen[0]?.[0]).toBe(second);
    expect(seen.map((packet) => packet.map(String))).toEqual([['abcdef'], ['abcdef'], ['abc', 'def']]);
  });
});

describe('fields', () => {
  it('do not exceed their packet, nor does the number of names', () => {
    const reader = (hex: string) => new PacketReader(Buffer.from(hex.replaceAll(' ', ''), 'hex'), 0);
    expect(() => reader('000000').uint32()).toThrow('a field that is longer than its packet');
    expect(reader('00000002 6162').bytes().toString()).toBe('ab');
    expect(() => reader('00000003 6162').bytes()).toThrow('longer than its packet');
    expect(reader('001fffff ffffffff').uint64()).toBe(Number.MAX_SAFE_INTEGER);
    expect(reader('00200000 00000000').uint64()).toBe(Number.POSITIVE_INFINITY);
    const empty = '00000000 00000000 00000000';
    expect(reader(`00000002 ${empty} ${empty}`).names()).toHaveLength(2);
    expect(() => reader(`00000003 ${empty} ${empty}`).names()).toThrow('a list of 3 names in 24 bytes');
    const rest = reader('80000001 00000000 00000009 00000001 00000001 61 00000002 6262 77');
    expect([rest.attributes(), rest.left]).toEqual([{ size: 9 }, 1]);
    const all = reader('0000000f 00000000 00000001 00000002 00000003 00000004 00000005 00000006');
    expect(all.attributes()).toEqual({ size: 1, uid: 2, gid: 3, mode: 4, atime: 5, mtime: 6 });
  });

  it('of attributes are sent in complete groups', () => {
    const sent = (attributes: SftpAttributes) => encodePacket(9, undefined, [attributes]).toString('hex', 5);
    expect(sent({})).toBe('00000000');
    expect(sent({ uid: 1, mode: 2, mtime: 3 })).toBe('0000000400000002');
    expect(sent({ uid: 1, gid: 2 })).toBe('000000020000000100000002');
    expect(sent({ atime: 1, mtime: -1 })).toBe('0000000800000001ffffffff');
  });
});

it('a listed name has its type from its longname if nothing else gives it', () => {
  const mode = (told: number | undefined, line: string) => listedMode(told, Buffer.from(line))?.toString(8);
  expect(mode(0o100600, 'drwxr-xr-x 2 a')).toBe('100600');
  expect(mode(0o600, 'drwxr-xr-x 2 a')).toBe('40600');
  expect(mode(undefined, 'drwxr-x--- 2 a')).toBe('40750');
  expect(mode(undefined, '-rwsr-Sr-T+ 2 a')).toBe('100744');
  expect(mode(undefined, 'lrwxrwxrwx. 1')).toBe('120777');
  for (const line of ['drwxr-xr-x', 'crw-rw-rw- 1', 'd 1 a', 'data', ' drwxr-xr-x 2'])
    expect(mode(undefined, line)).toBeUndefined();
  expect(mode(0o600, 'anything')).toBe('600');
});

it('a version that begins with text is reported as text, up to 200 bytes', () => {
  const noise = (...chunks: string[]) => {
    const greeting = new Greeting();
    for (const chunk of chunks) greeting.take(Buffer.from(chunk, 'latin1'));
    return greeting.noise;
  };
  expect(noise('Wel', 'come \n', '\0\0\0\x05')).toBe('Welcome');
  expect(noise('\n')).toBe('\n');
  expect(noise('\0\0\0\x05\x02')).toBeUndefined();
  expect(noise('\x01\x02')).toBeUndefined();
  expect(noise()).toBeUndefined();
  expect(noise('x'.repeat(150), 'y'.repeat(150))).toBe('x'.repeat(150) + 'y'.repeat(50));
});

it('the constants are those of the protocol (draft-ietf-secsh-filexfer-02)', () => {
  expect(Object.values(packetType)).toEqual([
    ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20],
    ...[101, 102, 103, 104, 105, 200, 201],
  ]);
  expect(statusCode).toEqual({
    ok: 0,
    eof: 1,
    noSuchFile: 2,
    permissionDenied: 3,
    failure: 4,
    unsupported: 8,
  });
  expect(openFlag).toEqual({ read: 1, write: 2, append: 4, create: 8, truncate: 16, exclusive: 32 });
});
