import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
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

it('starts the RPA once, whatever happens to the workers, and occupies no worker while it runs', async () => {
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

describe('a worker that is killed', { timeout: 40_000 }, () => {
  let worker: string;
  let folder: string;

  beforeAll(async () => {
    const source = (path: string) => new URL(`../../${path}`, import.meta.url).pathname;
    const program = `
      import { startRpa } from ${JSON.stringify(source('examples/airflow-1.0/src/start-and-look.ts'))};
      import { runTry } from '@apache-airflow/ts-sdk';
      const { connection, context } = JSON.parse(process.argv[2]);
      const client = { getVariable: async () => 'run.cmd invoice', getConnection: async () => connection };
      console.log('began');
      await runTry({ ...context, signal: new AbortController().signal }, client, startRpa);
      console.log('started');
      setInterval(() => {}, 1_000); // its last words to Airflow never come
    `;
    const alias = {
      'ssh-via-gateway': source('src/index.ts'),
      '@apache-airflow/ts-sdk': source('test/support/airflow-ts-sdk.ts'),
    };
    const cache = source('node_modules/.cache/');
    await mkdir(cache, { recursive: true });
    folder = await mkdtemp(join(cache, 'airflow-worker-'));
    worker = join(folder, 'worker.mjs');
    const stdin = { contents: program, resolveDir: cache, loader: 'ts' } as const;
    const external = ['ssh2', 'iconv-lite'];
    // Node 20 has no `await using`; the packer of 1.0 minifies.
    const form = { target: 'node20', platform: 'node', format: 'esm', bundle: true, minify: true } as const;
    await build({ stdin, alias, external, outfile: worker, ...form });
  }, 60_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** A worker that starts the RPA of one run; killed when told to. */
  async function start(runId: string) {
    const connection = await client.getConnection('rpa_pc');
    const context = { dagId: 'rpa', taskId: 'start_rpa', runId, tryNumber: 1, mapIndex: -1 };
    const child = spawn(process.execPath, [worker, JSON.stringify({ connection, context })], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const gone = once(child, 'exit');
    return {
      says: (word: string) =>
        vi.waitFor(() => expect(said).toContain(word), { timeout: 15_000, interval: 1 }),
      async kill() {
        child.kill('SIGKILL');
        expect(await gone).toEqual([null, 'SIGKILL']);
      },
    };
  }

  async function expectOneStart(runId: string) {
    await attempt(startRpa, { runId });
    const patient = { timeout: 10_000 };
    await vi.waitFor(() => expect(starts).toBe(1), patient);
    end(0);
    const status = await vi.waitFor(() => attempt(waitForRpa, { runId }), patient);
    expect(status).toMatchObject({ state: 'exited', exitCode: 0 });
    expect(starts).toBe(1);
  }

  it('before it sent anything: the next try starts the RPA, once', async () => {
    const first = await start('silent');
    await first.says('began');
    await vi.waitFor(() => expect(server.connections).toBe(1), { timeout: 15_000, interval: 1 });
    await first.kill();
    await expectOneStart('silent');
  });

  it('while the RPA is being started: the next try finds it', async () => {
    const first = await start('begun');
    await vi.waitFor(() => expect(starts).toBe(1), { timeout: 15_000, interval: 1 });
    await first.kill();
    await expectOneStart('begun');
  });

  it('after the start and before Airflow was told: the next try finds it', async () => {
    const first = await start('unheard');
    await first.says('started');
    await first.kill();
    await expectOneStart('unheard');
  });

  it.each([5, 20, 40, 60, 80, 120])('%i ms after it began: the RPA is started once', async (ms) => {
    const first = await start(`after-${ms}`);
    await first.says('began');
    await new Promise((resolve) => setTimeout(resolve, ms));
    await first.kill();
    await expectOneStart(`after-${ms}`);
  });
});

it('fails permanently if the RPA failed or its outcome is unknown', async () => {
  await attempt(startRpa);
  end(3);
  const status = await vi.waitFor(() => attempt(waitForRpa));
  await expect(attempt(() => reportRpa({ status }))).rejects.toThrow('the RPA ended with 3');
  const lost = await attempt(waitForRpa, { runId: 'never-started' });
  await expect(attempt(() => reportRpa({ status: lost }))).rejects.toThrow(
    'nobody knows how far the RPA came',
  );
});

it('leaves the RPA running if Airflow ends the task, and finds it again', async () => {
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

it('orders the tasks, and polls for a day', () => {
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
