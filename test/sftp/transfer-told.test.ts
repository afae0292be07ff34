import { format as formatted } from 'node:util';
import { afterEach, expect, it, vi } from 'vitest';
import { ConnectionLost } from '../../src/errors/index.ts';
import { transfer } from '../../src/sftp/flow/transfer.ts';
import type { TransferContext } from '../../src/sftp/flow/transfer-context.ts';
import { defaultTransfer } from '../../src/sftp/transfer/options.ts';
import { memorySftp, where } from '../support/memory-sftp.ts';

const told = vi.hoisted(() => [] as string[]);
vi.mock('../../src/observe/debug.ts', async (original) => ({
  ...(await original<object>()),
  debugTopic: () => {
    const line = (format: string, ...parts: unknown[]) => void told.push(formatted(format, ...parts));
    return Object.assign(line, { enabled: true });
  },
}));
afterEach(() => {
  told.length = 0;
});

const turn = () => new Promise((resolve) => setImmediate(resolve));

type Plan = Parameters<typeof transfer>[1];

function start(
  work: Plan['work'],
  settings: Partial<Plan['settings']> = {},
  flight: Partial<Plan['flight']> = {},
) {
  const memory = memorySftp({ roundTrip: 100 });
  const plan: Plan = {
    ...{ what: 'upload of "a"', work, settings: { ...defaultTransfer, ...settings } },
    flight: { start: 1_000, ceiling: 1_000_000, ...flight },
  };
  return { ...memory, result: transfer(memory.opener, plan), again: () => transfer(memory.opener, plan) };
}

it('a transfer logs its start and how it ends', async () => {
  const moves = async ({ run }: TransferContext) => run.moved('a', 5);
  const all = start(moves);
  expect(await all.result).toMatchObject({ bytes: 5, files: 0, durationMs: expect.any(Number) });
  const failing = start(() => Promise.reject(new TypeError('secret')));
  await expect(failing.result).rejects.toThrow('secret');
  expect(told).toEqual([
    'upload of "a"',
    expect.stringMatching(/^upload of "a": done, 5 bytes after \d+ ms$/),
    'upload of "a"',
    expect.stringMatching(/^upload of "a": TypeError after/),
  ]);
});

it('a transfer without a session logs that', async () => {
  const all = start(async () => {});
  await all.result;
  told.length = 0;
  all.opener.openSftp = () => Promise.reject(new Error('none'));
  await expect(all.again()).rejects.toThrow('none');
  expect(told[1]).toMatch(/^upload of "a": no session after/);
});

it('a transfer starts with what fills the line, up to its ceiling', async () => {
  const limits: number[] = [];
  const work = async ({ flight }: TransferContext) => void limits.push(flight.limit);
  for (const flight of [{}, { startRate: 9 }, { startRate: 11 }, { startRate: 1e9 }])
    await start(work, {}, flight).result;
  await start(work, {}, { start: 1e9, ceiling: 'receive window' }).result;
  expect(limits).toEqual([1_000, 1_000, 1_100, 1_000_000, 16 * 1024 * 1024]);
});

it('a transfer does not start on a lost connection, or with an aborted signal', async () => {
  const work = vi.fn(async () => {});
  const gone = start(work);
  await gone.result;
  const error = new ConnectionLost('gone', { ...where, phase: 'transfer', why: 'socket' });
  gone.lost.declare(error);
  await expect(gone.again()).rejects.toBe(error);
  await expect(start(work, { signal: AbortSignal.abort(new Error('no')) }).result).rejects.toThrow('no');
  expect(work).toHaveBeenCalledTimes(1);
});

it("a transfer fails with a session that ends before the server's version, and later with its own requests", async () => {
  const error = new ConnectionLost('it ended', { ...where, phase: 'transfer', why: 'socket' });
  const endsLater = async (greets: boolean) => {
    let begin = () => {};
    const all = start(
      () =>
        new Promise((resolve) => {
          begin = resolve;
        }),
    );
    await turn();
    begin();
    await all.result;
    const sftp = all.session();
    const listeners = new Set<(error: ConnectionLost) => void>();
    let greet = () => {};
    Object.assign(sftp, {
      greeted: new Promise<void>((resolve) => {
        greet = resolve;
      }),
      onEnded: (listener: (error: ConnectionLost) => void) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    });
    all.opener.openSftp = async () => sftp;
    const result = all.again();
    await turn();
    if (greets) greet();
    await turn();
    for (const listener of listeners) listener(error);
    begin();
    return result;
  };
  await expect(endsLater(false)).rejects.toBe(error);
  expect(await endsLater(true)).toMatchObject({ files: 0 });
});

it('a transfer fails with an error that occurs as it ends', async () => {
  const onProgress = () => {
    throw new Error('a fault of the caller');
  };
  await expect(start(async () => {}, { onProgress }).result).rejects.toThrow('a fault of the caller');
});
