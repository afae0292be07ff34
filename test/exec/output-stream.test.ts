import { describe, expect, it } from 'vitest';
import { OutputStream } from '../../src/exec/output/output-stream.ts';

describe('an output stream', () => {
  it('is full at 1,024 chunks, however small, and reports when it has room again', async () => {
    let rooms = 0;
    const stream = new OutputStream(() => rooms++);
    let delivered = 0;
    while (!stream.isFull) {
      stream.deliver(Buffer.from([delivered++ & 0xff]));
      expect(delivered).toBeLessThan(2_000);
    }
    expect(delivered).toBeGreaterThan(1_000);
    expect(rooms).toBe(0);
    stream.finish();
    let bytes = 0;
    for await (const chunk of stream) bytes += (chunk as Buffer).length;
    expect(bytes).toBe(delivered);
    expect(rooms).toBeGreaterThan(0);
    expect(stream.isFull).toBe(false);
  });

  it('does not crash the process by an error without a listener', async () => {
    const stream = new OutputStream(() => {});
    stream.destroy(new Error('nobody listens'));
    await new Promise((closed) => stream.once('close', closed));
    expect(stream.errored).toMatchObject({ message: 'nobody listens' });
  });
});
