import { randomFillSync } from 'node:crypto';
import type { Client } from 'ssh2';
import { protocolOf } from './internals.ts';
import { serves } from './registry/look.ts';

interface PacketCipher {
  allocPacket?(payloadLength: number): Buffer;
}

/** Length, and length of the padding (RFC 4253 section 6). */
const headLength = 5;
/** The blocks of all of ssh2's ciphers are 8 or 16 bytes long: packets of lengths that differ by this are padded alike. */
const cycle = 16;

/** Random bytes for the packets of all connections; each is used once. */
const pool = Buffer.alloc(4_096);
let used = pool.length;

/**
 * Lets the packets that leave be padded from a pool: to fetch random bytes for each takes as long as to encrypt it. To be
 * called after each key exchange, which makes a new cipher. How a packet is laid out is learnt from the cipher itself.
 */
export function padFromPool(client: Client): void {
  const cipher = (protocolOf(client) as { _cipher?: PacketCipher } | undefined)?._cipher;
  const alloc = cipher?.allocPacket;
  if (!cipher || typeof alloc !== 'function' || !serves(client, 'padding')) return;
  const paddings = new Uint8Array(cycle);
  let tail = 0;
  cipher.allocPacket = (payloadLength) => {
    const padding = paddings[payloadLength % cycle] ?? 0;
    if (padding > 0) return padded(payloadLength, padding, tail);
    const packet = alloc.call(cipher, payloadLength);
    paddings[payloadLength % cycle] = packet[headLength - 1] ?? 0;
    tail = packet.length - 4 - packet.readUInt32BE(0);
    return packet;
  };
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
  pool.copy(packet, headLength + payloadLength, used, used + padding);
  used += padding;
  return packet;
}
