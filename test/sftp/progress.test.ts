import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConnectionLost, TransferStalled } from '../../src/errors/index.ts';
import { ProgressMeter, type TransferProgress } from '../../src/sftp/transfer/progress.ts';
import { TransferRun } from '../../src/sftp/transfer/run.ts';
import { LostSignal } from '../../src/ssh2/transport/lost.ts';
import { where } from '../support/memory-sftp.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('onProgress', () => {
  it('is called at most every 100 ms, and at the end', () => {
    const seen: TransferProgress[] = [];
    const meter = new ProgressMeter((now) => void seen.push(now));
    meter.setTotal(50);
    meter.moved('a', 10);
    meter.moved('a', 5);
    vi.advanceTimersByTime(99);
    meter.fileDone('b');
    expect(seen).toEqual([{ path: 'a', transferred: 10, total: 50, files: 0 }]);
    vi.advanceTimersByTime(1);
    meter.fileDone('c');
    vi.advanceTimersByTime(100);
    meter.resumed('d', 20);
    meter.moved('e', 5);
    meter.finish();
    expect(seen.slice(1)).toEqual([
      { path: 'c', transferred: 15, total: 50, files: 2 },
      { path: 'd', transferred: 35, total: 50, files: 2 },
      { path: 'e', transferred: 40, total: 50, files: 2 },
    ]);
    expect([meter.transferred, meter.sent, meter.files]).toEqual([40, 20, 2]);
  });

  it('never reports less, even if a file starts over', () => {
    const seen: number[] = [];
    const meter = new ProgressMeter(({ transferred }) => void seen.push(transferred));
    meter.resumed('a', 7);
    meter.moved('a', 3);
    meter.finish();
    meter.undo({ moved: 3, resumed: 7 });
    expect([meter.transferred, meter.sent]).toEqual([0, 0]);
    meter.finish();
    meter.moved('a', 12);
    meter.finish();
    expect(seen).toEqual([7, 10, 10, 12]);
  });

  it('is not called again after it has thrown, and its error is passed on', () => {
    const thrown: unknown[] = [];
    const report = vi.fn(() => {
      throw new Error('a fault of the caller');
    });
    const meter = new ProgressMeter(report, (error) => void thrown.push(error));
    meter.moved('a', 1);
    meter.finish();
    expect(report).toHaveBeenCalledTimes(1);
    expect(thrown).toEqual([new Error('a fault of the caller')]);
  });
});

describe('a transfer', () => {
  function start(options: Partial<ConstructorParameters<typeof TransferRun>[0]> = {}) {
    const [lost, leaving] = [new LostSignal(), new LostSignal()];
    const run = new TransferRun({ what: 'upload', where, lost, leaving, stallTimeout: 1_000, ...options });
    const failed = vi.fn();
    run.onFailed(failed);
    return { run, lost, leaving, failed };
  }
  const over = () => new ConnectionLost('over', { ...where, phase: 'transfer', why: 'socket' });

  it.each(['lost', 'leaving'] as const)('fails if the connection is lost: %s', (which) => {
    const all = start();
    const error = over();
    all[which].declare(error);
    expect([all.run.failed, all.run.error]).toEqual([true, error]);
    expect(all.failed).toHaveBeenCalledTimes(1);
    expect(() => all.run.throwIfFailed()).toThrow(error);
    expect(all.lost.listenerCount + all.leaving.listenerCount).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('fails on an abort, also before it starts', () => {
    const abort = new AbortController();
    const all = start({ signal: abort.signal });
    abort.abort('no more');
    expect(all.run.error).toBe('no more');
    expect(start({ signal: AbortSignal.abort('never') }).run.error).toBe('never');
  });

  it('fails once, and calls each listener once, unless unsubscribed', () => {
    const { run, failed } = start();
    const [other, late] = [vi.fn(), vi.fn()];
    const forget = run.onFailed(other);
    forget();
    run.fail('first');
    run.fail('second');
    expect(run.error).toBe('first');
    expect(failed).toHaveBeenCalledTimes(1);
    expect(other).not.toHaveBeenCalled();
    run.onFailed(late);
    expect(late).toHaveBeenCalledTimes(1);
  });

  it('rejects what waits, and leaves no listener for what is done', async () => {
    const { run } = start();
    const never = run.orFail(new Promise(() => {}));
    expect(await run.orFail(Promise.resolve(5))).toBe(5);
    await expect(run.orFail(Promise.reject(new Error('own')))).rejects.toThrow('own');
    run.fail(new Error('all'));
    await expect(never).rejects.toThrow('all');
  });

  it('stalls if nothing moves for stallTimeout', () => {
    const { run } = start();
    vi.advanceTimersByTime(900);
    run.moved('a', 5);
    vi.advanceTimersByTime(600);
    run.alive();
    vi.advanceTimersByTime(999);
    expect(run.failed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(run.error).toBeInstanceOf(TransferStalled);
    expect(run.error).toMatchObject({
      message: 'The upload did not move for 1000 ms at "a" (option stallTimeout)',
      ...{ path: 'a', transferred: 5, timeoutMs: 1_000, retryable: true },
    });
    const silent = start();
    vi.advanceTimersByTime(1_000);
    expect((silent.run.error as Error).message).toBe(
      'The upload did not move for 1000 ms (option stallTimeout)',
    );
  });

  it('does not stall during quiet work, and has its full time after it', async () => {
    const { run } = start();
    let end = () => {};
    const first = run.quietly(
      () =>
        new Promise<void>((resolve) => {
          end = resolve;
        }),
    );
    const second = run.quietly(async () => 5);
    expect(await second).toBe(5);
    vi.advanceTimersByTime(5_000);
    expect(run.failed).toBe(false);
    end();
    await first;
    vi.advanceTimersByTime(999);
    expect(run.failed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(run.failed).toBe(true);
  });

  it('whose quiet work throws is no longer quiet', async () => {
    const { run } = start();
    await expect(run.quietly(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    vi.advanceTimersByTime(1_000);
    expect(run.failed).toBe(true);
  });

  it('of one file is done once the file has its name', () => {
    const one = start();
    one.run.isOneFile = true;
    one.run.placed();
    const folder = start();
    folder.run.placed();
    for (const { lost } of [one, folder]) lost.declare(over());
    expect([one.run.failed, folder.run.failed]).toEqual([false, true]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('fails with what onProgress throws', () => {
    const onProgress = () => {
      throw new Error('a fault of the caller');
    };
    const { run } = start({ onProgress });
    run.moved('a', 1);
    expect(run.error).toMatchObject({ message: 'a fault of the caller' });
  });
});
