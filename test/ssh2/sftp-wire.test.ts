import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PacketSplitter } from '../../src/ssh2/sftp/splitter.ts';
import { encodePacket, MalformedPacket, PacketReader } from '../../src/ssh2/sftp/wire.ts';

describe('SFTP packets', () => {
  it('are found however the bytes are cut', () => {
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
    'of %i bytes are no SFTP, and nothing is allocated for them',
    (length) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(length);
      const splitter = new PacketSplitter(() => {});
      expect(() => splitter.push(bytes)).toThrow(MalformedPacket);
    },
  );

  it('carry attributes there and back', () => {
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

  it('that lie about their fields are refused, whatever they say', () => {
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
