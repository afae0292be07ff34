import { describe, expect, it, vi } from 'vitest';
import { Output } from '../../src/exec/output/output.ts';

const chunk = Buffer.alloc(32 * 1024, 'x');

/** An output whose reader is as far behind as it may be. */
function behind() {
  const flow = { pause: vi.fn(), resume: vi.fn() };
  const output = new Output(Number.POSITIVE_INFINITY, undefined);
  output.connect(flow, 'stdout');
  const { stream } = output;
  let sent = 0;
  const receive = () => {
    output.receive(chunk);
    sent += chunk.length;
  };
  while (flow.pause.mock.calls.length === 0) receive();
  const read = async () => {
    let bytes = 0;
    for await (const piece of stream) bytes += (piece as Buffer).length;
    return bytes;
  };
  return { output, flow, receive, read, sent: () => sent };
}

describe('the output of a command', () => {
  it('is complete in a stream that is accessed late', async () => {
    for (const bytes of ['', 'x', 'xy']) {
      const output = new Output(Number.POSITIVE_INFINITY, undefined);
      output.receive(Buffer.from(bytes));
      const pieces: unknown[] = [];
      output.stream.on('data', (piece) => pieces.push(String(piece)));
      output.finish();
      await new Promise((ended) => output.stream.once('end', ended));
      expect(pieces).toEqual(bytes === '' ? [] : [bytes]);
    }
  });

  it('includes for a slow reader what was in flight when the server was paused', async () => {
    const { output, flow, receive, read, sent } = behind();
    receive();
    receive();
    expect(output.isCut).toBe(false);
    output.finish();
    expect(await read()).toBe(sent());
    expect(flow.resume).toHaveBeenCalledWith('stdout');
  });

  it('after drain() skips a slow reader, and reports that it was cut', async () => {
    const { output, flow, receive, read, sent } = behind();
    const taken = sent();
    output.drain();
    expect(flow.resume).toHaveBeenCalledOnce();
    receive();
    expect(output.isCut).toBe(true);
    output.finish();
    expect(await read()).toBe(taken);
  });

  it('after drain() is complete for a reader that keeps up', async () => {
    const output = new Output(Number.POSITIVE_INFINITY, undefined);
    const { stream } = output;
    output.drain();
    output.receive(chunk);
    expect(output.isCut).toBe(false);
    output.finish();
    let bytes = 0;
    for await (const piece of stream) bytes += (piece as Buffer).length;
    expect(bytes).toBe(chunk.length);
  });
});
