import type { SftpHandle, WriteData } from './requests.ts';
import { packetType } from './wire.ts';

/** A WRITE whose header precedes its data in the same buffer: nothing is copied. See `writeHeadroom`. */
export function writePacket(
  id: number,
  handle: SftpHandle,
  position: number,
  { buffer, start, length }: WriteData,
): Buffer {
  const from = start - (25 + handle.length);
  let at = buffer.writeUInt32BE(21 + handle.length + length, from);
  buffer[at++] = packetType.write;
  at = buffer.writeUInt32BE(id, at);
  at = buffer.writeUInt32BE(handle.length, at);
  at += handle.copy(buffer, at);
  at = buffer.writeUInt32BE(Math.floor(position / 2 ** 32), at);
  at = buffer.writeUInt32BE(position % 2 ** 32, at);
  buffer.writeUInt32BE(length, at);
  return buffer.subarray(from, start + length);
}
