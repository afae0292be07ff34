import { randomFillSync } from 'node:crypto';
import type { Client } from 'ssh2';
import { protocolOf } from './internals.ts';
import { serves } from './registry/look.ts';

interface PacketCipher {
  allocPacket?(payloadLength: number): Buffer;
}

/** Length, and length of the padding (RFC 4253 section 6). */
const headLength = 5;
const leastPadding = 4;

/** Random bytes for the packets of all connections; each is used once. */
const pool = Buffer.alloc(4_096);
let used = pool.length;

/**
 * Pads the packets that leave from a pool: to fetch random bytes for each takes as long as to encrypt it. To be called
 * after each key exchange, which makes a new cipher. Two packets of the cipher show how it lays them out: all of ssh2's
 * have blocks of 8 or 16 bytes.
 */
export function padFromPool(client: Client): void {
  const cipher = (protocolOf(client) as { _cipher?: PacketCipher } | undefined)?._cipher;
  if (typeof cipher?.allocPacket !== 'function' || !serves(client, 'padding')) return;
  const packet = cipher.allocPacket(0);
  const first = paddingOf(packet);
  const block = paddingOf(cipher.allocPacket(8)) === first ? 8 : 16;
  const tail = packet.length - 4 - packet.readUInt32BE(0);
  cipher.allocPacket = (payloadLength) => {
    const padding = leastPadding + ((first - leastPadding - payloadLength) & (block - 1));
    return padded(payloadLength, padding, tail);
  };
}

function paddingOf(packet: Buffer): number {
  return packet[headLength - 1] ?? 0;
}

/** A packet with room for its payload, and for a `tail` behind the padding, as ssh2's ciphers make it. */
function padded(payloadLength: number, padding: number, tail: number): Buffer {
  const length = 1 + payloadLength + padding;
  const packet = Buffer.allocUnsafe(4 + length + tail);
  packet.writeUInt32BE(length, 0);
  packet[headLength - 1] = padding;
  if (used + padding > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  // A few bytes: one by one, `copy` would make an object for them.
  for (let at = headLength + payloadLength; at < headLength + payloadLength + padding; at++)
    packet[at] = pool[used++] as number;
  return packet;
}
