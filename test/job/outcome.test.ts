import { describe, expect, it, vi } from 'vitest';
import { withDelay } from '../../src/job/run/abort.ts';
import { JobOutcome } from '../../src/job/run/job-outcome.ts';

const host = { where: { host: 'pc', port: 22 } } as never;
const failed = { status: { state: 'exited', exitCode: 3 }, durationMs: 1 } as never;

describe('the outcome of a job', () => {
  it.each(['utf8', 'buffer'] as const)(
    'ends its message with the last lines of stderr, also with encoding %s',
    (encoding) => {
      const outcome = new JobOutcome({ id: 'j', encoding } as never);
      outcome.add({ stdout: Buffer.alloc(0), stderr: Buffer.from(`first\n${'x'.repeat(5_000)}\n마지막\n`) });
      expect(() => outcome.settle(host, 'x', failed)).toThrow(/exited with code 3; stderr: .*마지막$/s);
    },
  );

  it('names all words of a command that timed out', () => {
    const error = new JobOutcome({ id: 'j' }).timedOut({ host: 'pc', port: 22 }, ['a', 'b'], 5, true);
    expect(error).toMatchObject({ command: 'a b', timeoutMs: 5, terminated: true });
  });
});

describe('work with a delayed abort', () => {
  it('is stopped after the delay, with the reason', async () => {
    const abort = new AbortController();
    const started = performance.now();
    const work = withDelay(
      abort.signal,
      30,
      (later) =>
        new Promise((_, reject) => {
          later?.addEventListener('abort', () => reject(later.reason));
        }),
    );
    const reason = new Error('enough');
    abort.abort(reason);
    await expect(work).rejects.toBe(reason);
    expect(performance.now() - started).toBeGreaterThan(25);
    await expect(
      withDelay(
        AbortSignal.abort(reason),
        1,
        (later) =>
          new Promise((_, reject) => {
            later?.addEventListener('abort', () => reject(later.reason));
          }),
      ),
    ).rejects.toBe(reason);
  });

  it('leaves no timer behind if it ends first', async () => {
    vi.useFakeTimers();
    try {
      expect(await withDelay(AbortSignal.abort(), 10_000, async () => 'done')).toBe('done');
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
