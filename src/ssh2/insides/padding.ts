import { Buffer } from 'node:buffer';
import { randomFillSync } from 'node:crypto';
import type { Client } from 'ssh2';
import { protocolOf } from './internals.ts';

type Allocate = (payloadLength: number) => Buffer;

/** Length and length of padding stand before the payload (RFC 4253 section 6). */
const header = 5;
/** A multiple of every cipher's block. */
const cycle = 64;

const pool = Buffer.allocUnsafe(4_096);
let used = pool.length;

/**
 * Takes the padding of outgoing packets from random bytes that were fetched in stock. ssh2 asks the system for the ten
 * bytes or so of each packet, which costs more than to encrypt them. To be called after each key exchange; does
 * nothing when ssh2 changed inside.
 */
export function padFromStock(client: Client): void {
  const cipher = protocolOf(client)?._cipher;
  if (typeof cipher?.allocPacket !== 'function' || Object.hasOwn(cipher, 'allocPacket')) return;
  cipher.allocPacket = fromStock(cipher.allocPacket.bind(cipher));
}

/** How much padding a length needs, and what follows it, is the cipher's own business: the first packets show it. */
function fromStock(allocate: Allocate): Allocate {
  const paddings = new Uint8Array(cycle);
  let trailer = 0;
  return (payloadLength) => {
    const padding = paddings[payloadLength % cycle] ?? 0;
    const end = header + payloadLength;
    if (padding === 0) {
      const packet = allocate(payloadLength);
      paddings[payloadLength % cycle] = packet[4] ?? 0;
      trailer = packet.length - end - (packet[4] ?? 0);
      return packet;
    }
    const packet = Buffer.allocUnsafe(end + padding + trailer);
    packet.writeUInt32BE(end + padding - 4, 0);
    packet[4] = padding;
    fill(packet, end, padding);
    return packet;
  };
}

function fill(packet: Buffer, from: number, count: number): void {
  if (used + count > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  packet.set(pool.subarray(used, used + count), from);
  used += count;
}
