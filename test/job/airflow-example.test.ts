import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { runRpa } from '../../examples/airflow-1.0/src/run-rpa.ts';
import {
  reportRpa,
  startAndLook,
  startRpa,
  waitForRpa,
} from '../../examples/airflow-1.0/src/start-and-look.ts';
import { type ExecContext, type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import { runTry, type TaskClient } from '../support/airflow-ts-sdk.ts';

let server: MockServer;
let client: TaskClient;
let starts: number;
let end: (exitCode: number) => void;

beforeEach(async () => {
  starts = 0;
  server = await startMockServer({
    exec: ({ stdout }: ExecContext) => {
      starts += 1;
      stdout.write('invoice 1 paid\n');
      return new Promise<number>((resolve) => {
        end = resolve;
      });
    },
  });
  onTestFinished(() => server.close());
  const { host, port } = server;
  const extra = JSON.stringify({
    private_key: server.clientKey.privateKey,
    host_key: server.hostKey.publicKey,
  });
  client = {
    getVariable: async () => 'run.cmd invoice',
    getConnection: async (id) => ({ id, type: 'ssh', host, port, login: 'rpa', extra }),
  };
});

function attempt<T>(task: () => Promise<T>, { runId = 'run-1', signal = AbortSignal.timeout(15_000) } = {}) {
  const context = { dagId: 'rpa', taskId: 'any', runId, tryNumber: 1, mapIndex: -1, signal };
  return runTry(context, client, task);
}

it('starts the RPA once, whatever becomes of the workers, and holds none while it runs', async () => {
  expect(await attempt(startRpa)).toMatchObject({ isNew: true });
  // The first worker died before it could report: Airflow tries again.
  expect(await attempt(startRpa)).toMatchObject({ isNew: false });
  await expect(attempt(waitForRpa)).rejects.toThrow('still runs');
  await expect.poll(() => server.connections).toBe(0);
  end(0);
  const status = await vi.waitFor(() => attempt(waitForRpa));
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const report = await attempt(() => reportRpa({ status })).finally(() => written.mockRestore());
  expect(report).toEqual({ exitCode: 0 });
  expect(starts).toBe(1);
});

it('fails for good when the RPA did, or nobody knows', async () => {
  await attempt(startRpa);
  end(3);
  const status = await vi.waitFor(() => attempt(waitForRpa));
  await expect(attempt(() => reportRpa({ status }))).rejects.toThrow('the RPA ended with 3');
  const lost = await attempt(waitForRpa, { runId: 'never-started' });
  await expect(attempt(() => reportRpa({ status: lost }))).rejects.toThrow(
    'nobody knows how far the RPA came',
  );
});

it('leaves the RPA running when Airflow ends the task, and finds it again', async () => {
  const sigterm = new AbortController();
  const first = attempt(runRpa, { signal: sigterm.signal });
  const ended = expect(first).rejects.toThrow();
  await expect.poll(() => starts).toBe(1);
  sigterm.abort(new Error('SIGTERM'));
  await ended;
  const second = attempt(runRpa);
  end(0);
  expect(await second).toMatchObject({ exitCode: 0 });
  expect(starts).toBe(1);
});

it('orders the tasks, and looks for a day', () => {
  expect(startAndLook.refs.map(({ taskId, upstream }) => [taskId, upstream])).toEqual(
    expect.arrayContaining([
      ['wait_for_rpa', ['start_rpa']],
      ['report_rpa', ['wait_for_rpa']],
    ]),
  );
  const { retries = 0, retryDelay = 0 } = startAndLook.tasks.get('wait_for_rpa') ?? {};
  expect(retries * retryDelay).toBe(86_400);
  expect(startAndLook.tasks.get('report_rpa')).toEqual({});
});
