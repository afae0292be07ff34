import { afterEach, describe, expect, it } from 'vitest';
import { jobStatus } from '../../src/job-status.ts';
import { type MockServer, type MockServerOptions, startMockServer } from '../../src/mock-server/index.ts';
import { runJob } from '../../src/run-job.ts';
import { connectTo, optionsFor } from '../support/connect.ts';
import { mockWindows } from '../support/mock-sftp.ts';

let server: MockServer;
afterEach(() => server.close());

const serve = async (options: MockServerOptions) => {
  server = await startMockServer(options);
  return optionsFor(server, { retry: { attempts: 2, minDelay: 10, maxDelay: 10 } });
};
const failure = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

describe.each([false, mockWindows ? { version: mockWindows } : true])(
  'on a server that is Windows: %j',
  (windows) => {
    it('ends a job at its timeout, and reports what it had written', async () => {
      const pc = await serve({
        windows,
        exec: (context) => {
          context.stdout.write('half\n');
          return new Promise<number>(() => {});
        },
      });
      const error = await failure(runJob(pc, 'endless', { id: 'j', timeout: 300, pollInterval: 50 }));
      expect(error).toMatchObject({
        code: 'SSH_COMMAND_TIMEOUT',
        timeoutMs: 300,
        stdout: 'half\n',
        terminated: true,
        retryable: false,
      });
      expect(await jobStatus(pc, 'j')).toMatchObject({ state: 'killed' });
    });

    it('does not touch a job that ends in time', async () => {
      const pc = await serve({ windows, exec: { quick: { stdout: 'done' } } });
      const result = await runJob(pc, 'quick', { id: 'j', timeout: 60_000, pollInterval: 50 });
      expect(result).toMatchObject({ stdout: 'done', exitCode: 0 });
    });

    it('polls a job once, and closes', async () => {
      const pc = await serve({ windows, exec: () => new Promise<number>(() => {}) });
      const connection = await connectTo(server);
      await connection.startJob('endless', { id: 'j' });
      await connection.close();
      expect(await jobStatus(pc, 'j')).toEqual({ state: 'running' });
      expect(await jobStatus(pc, 'other')).toMatchObject({
        state: 'lost',
        reason: expect.stringContaining('no such job'),
      });
      await expect.poll(() => server.connections).toBe(0);
    });

    it('loses or refuses jobs if the faults say so', async () => {
      const pc = await serve({ windows, faults: { job: { lost: true } } });
      expect(await failure(runJob(pc, 'x', { id: 'j', pollInterval: 50 }))).toMatchObject({
        code: 'SSH_JOB_LOST',
        hint: expect.stringContaining('nobody knows how far it got'),
      });
      await server.close();
      const full = await serve({ windows, faults: { job: { accessFailed: true } } });
      expect(await failure(runJob(full, 'x', { id: 'j' }))).toMatchObject({
        code: 'SSH_JOB_ACCESS_FAILED',
        reason: expect.stringContaining('disk is full'),
        hint: expect.stringContaining('Free some space'),
      });
    });

    it('records its jobs in the journal', async () => {
      const pc = await serve({ windows, exec: { quick: {} } });
      await runJob(pc, 'quick', { id: 'j', pollInterval: 50, keep: false });
      const entries = server.journal.flatMap((entry) => (entry.type === 'job' ? [entry] : []));
      expect(entries[0]).toMatchObject({
        action: 'start',
        id: 'j',
        command: expect.stringContaining('quick'),
      });
      expect(entries.map(({ action }) => action)).toContain('look');
      expect(entries.at(-1)).toMatchObject({ action: 'remove', id: 'j' });
    });
  },
);

it('reports that there is no such job for an id that was never used', async () => {
  await serve({});
  await using connection = await connectTo(server);
  const error = await failure(connection.job('tpyo').output());
  expect(error).toMatchObject({
    code: 'SSH_JOB_LOST',
    message: expect.stringMatching(/^There is no job tpyo on /),
  });
  expect((error as { hint: string }).hint).toMatch(/Check the id/);
});

it('rejects invalid arguments of a poll at once', async () => {
  const pc = await serve({});
  await expect(jobStatus(pc, 'a b')).rejects.toThrow(/option id: 'a b' given/);
  await expect(jobStatus(pc, 'a', { dirr: 'x' } as object)).rejects.toThrow(/dirr/);
  await expect(runJob(pc, 'x', { id: 'a', timeout: -1 })).rejects.toThrow(/option timeout/);
  expect(server.journal.filter(({ type }) => type === 'connect')).toEqual([]);
});

it('gives up at the timeout if the server cannot be reached', async () => {
  const pc = await serve({ exec: () => new Promise<number>(() => {}) });
  const running = failure(runJob(pc, 'endless', { id: 'j', timeout: 60_000, pollInterval: 50 }));
  await server.waitFor('job');
  server.dropAll('rst');
  // Found again, and still within its time.
  await server.waitFor((entry) => entry.type === 'job' && entry.connection > 1);
  await server.close();
  expect(await running).not.toMatchObject({ code: 'SSH_COMMAND_TIMEOUT' });
});
