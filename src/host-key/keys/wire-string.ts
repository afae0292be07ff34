/** A string of RFC 4251 section 5: its length in four bytes, then its bytes. */
export function wireString(value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  const whole = Buffer.alloc(4 + bytes.length);
  whole.writeUInt32BE(bytes.length);
  whole.set(bytes, 4);
  return whole;
}
