/**
 * A copy with memory of its own, for what is kept: Node takes small copies from blocks of 8 KiB, and one that stays keeps
 * its whole block.
 */
export function ownCopy(bytes: Uint8Array): Buffer {
  const copy = Buffer.alloc(bytes.length);
  copy.set(bytes);
  return copy;
}
