import type { Readable, Writable } from 'node:stream';

/** Writes zeros as fast as they are accepted, then ends. */
export async function pour(input: Writable, bytes: number): Promise<void> {
  const chunk = Buffer.alloc(1 << 20);
  for (let sent = 0; sent < bytes; sent += chunk.length) {
    const next = bytes - sent < chunk.length ? chunk.subarray(0, bytes - sent) : chunk;
    if (!input.write(next)) await new Promise((resolve) => input.once('drain', resolve));
  }
  input.end();
}

/** Counts and discards what arrives. */
export function counting(output: Readable): { readonly bytes: number } {
  const count = { bytes: 0 };
  output.on('data', (chunk: Buffer) => {
    count.bytes += chunk.length;
  });
  return count;
}

/** Collects the short output of a command. */
export function collecting(output: Readable): { readonly text: string } {
  const collected = { text: '' };
  output.on('data', (chunk: Buffer | string) => {
    collected.text += chunk;
  });
  return collected;
}
