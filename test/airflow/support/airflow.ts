import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { inject } from 'vitest';
import { runOrThrow } from '../../package/support/run.ts';
import { freePort } from '../../support/sshd.ts';
import { withLayout } from './bundle-layout.ts';

/** The first Airflow that runs TypeScript tasks; AIRFLOW_VERSION names another one. */
const version = process.env['AIRFLOW_VERSION'] ?? '3.4.0b2';
const cache = resolve(`node_modules/.cache/airflow-${version}`);

export interface TaskState {
  state: string | null;
  try_number: number;
  /** The process that runs the task. */
  pid: number | null;
}

/** A real Airflow with scheduler, API server and the example's Dag. */
export interface Airflow {
  trigger(runId: string): Promise<void>;
  task(runId: string): Promise<TaskState>;
  returned(runId: string): Promise<unknown>;
  /** What one try printed. */
  printed(runId: string, tryNumber: number): string;
  setCommand(command: string): Promise<void>;
  stop(): Promise<void>;
}

/** Installs Airflow once into the cache (some minutes), and starts it in a folder of its own. */
export async function startAirflow(connection: object): Promise<Airflow> {
  await install();
  const home = mkdtempSync(join(tmpdir(), 'airflow-'));
  prepareBundles(home);
  const port = await freePort();
  const env = { ...environment(home, port), AIRFLOW_CONN_RPA_PC: JSON.stringify(connection) };
  await runOrThrow(join(cache, 'bin/airflow'), ['db', 'migrate'], { cwd: home, env, timeout: 300_000 });
  const child = spawn(join(cache, 'bin/airflow'), ['standalone'], {
    ...{ cwd: home, env: { ...process.env, ...env }, detached: true },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  for (const pipe of [child.stdout, child.stderr])
    pipe.setEncoding('utf8').on('data', (s: string) => said.push(s));
  const stop = () => stopAll(child, home);
  try {
    const api = await untilReady(port, child);
    return { ...operations(api, home), stop };
  } catch (error) {
    await stop();
    throw new Error(`Airflow did not start: ${error}\n${said.join('').slice(-5_000)}`);
  }
}

async function install(): Promise<void> {
  const done = join(cache, 'installed');
  if (existsSync(done)) return;
  const options = { cwd: process.cwd(), timeout: 800_000 };
  await runOrThrow('python3', ['-m', 'venv', cache], options);
  const packages = [`apache-airflow==${version}`, `apache-airflow-core==${version}`];
  // The SDK's version is Airflow's, with a major version less.
  packages.push(`apache-airflow-task-sdk==${version.replace(/^3/, '1')}`);
  await runOrThrow(join(cache, 'bin/pip'), ['install', '--quiet', ...packages], options);
  writeFileSync(done, '');
}

function prepareBundles(home: string): void {
  cpSync(join(inject('project'), 'dags'), join(home, 'dags'), { recursive: true });
  const dag = join(home, 'dags/rpa.py');
  writeFileSync(dag, readFileSync(dag, 'utf8').replace('seconds=30', 'seconds=2'));
  mkdirSync(join(home, 'tasks'));
  writeFileSync(join(home, 'tasks/rpa.min.mjs'), withLayout(readFileSync(inject('bundle'))));
}

function environment(home: string, port: number): Record<string, string> {
  const local = 'airflow.dag_processing.bundles.local.LocalDagBundle';
  const bundle = (name: string, path: string) => ({
    name,
    classpath: local,
    kwargs: { path: join(home, path) },
  });
  const coordinator = {
    classpath: 'airflow.sdk.coordinators.node.NodeCoordinator',
    kwargs: { node_executable: inject('node'), task_handler_bundle_name: 'tasks', task_startup_timeout: 60 },
  };
  return {
    AIRFLOW_HOME: home,
    PATH: `${join(cache, 'bin')}:${process.env['PATH']}`,
    AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
    AIRFLOW__CORE__EXECUTOR: 'LocalExecutor',
    AIRFLOW__CORE__PARALLELISM: '2',
    AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION: 'False',
    AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS: 'True',
    AIRFLOW__CORE__EXECUTION_API_SERVER_URL: `http://localhost:${port}/execution/`,
    AIRFLOW__API__PORT: String(port),
    AIRFLOW__API__WORKERS: '1',
    AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL: '10',
    AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST: JSON.stringify([
      bundle('dags-folder', 'dags'),
      bundle('tasks', 'tasks'),
    ]),
    AIRFLOW__SDK__COORDINATORS: JSON.stringify({ ts: coordinator }),
    AIRFLOW__SDK__QUEUE_TO_COORDINATOR: JSON.stringify({ typescript: 'ts' }),
  };
}

type Api = (path: string, method?: string, body?: unknown) => Promise<unknown>;

/** Resolves when the API answers and the Dag has been read. */
async function untilReady(port: number, child: ChildProcess): Promise<Api> {
  let last: unknown;
  for (const end = Date.now() + 300_000; Date.now() < end && child.exitCode === null; ) {
    try {
      const api = await apiClient(port);
      await api('/dags/rpa');
      return api;
    } catch (error) {
      last = error;
      await new Promise((wait) => setTimeout(wait, 1_000));
    }
  }
  throw last;
}

async function apiClient(port: number): Promise<Api> {
  const base = `http://localhost:${port}`;
  const login = (await (await fetch(`${base}/auth/token`)).json()) as { access_token: string };
  return async (path, method = 'GET', body = undefined) => {
    const response = await fetch(`${base}/api/v2${path}`, {
      method,
      headers: { authorization: `Bearer ${login.access_token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
}

function operations(api: Api, home: string): Omit<Airflow, 'stop'> {
  const run = (runId: string) => `/dags/rpa/dagRuns/${runId}/taskInstances/run_rpa`;
  return {
    trigger: async (runId) => {
      await api('/dags/rpa/dagRuns', 'POST', { dag_run_id: runId, logical_date: null });
    },
    task: async (runId) => (await api(run(runId))) as TaskState,
    returned: async (runId) =>
      ((await api(`${run(runId)}/xcomEntries/return_value`)) as { value: unknown }).value,
    printed: (runId, tryNumber) => {
      const path = join(home, `logs/dag_id=rpa/run_id=${runId}/task_id=run_rpa/attempt=${tryNumber}.log`);
      if (!existsSync(path)) return '';
      const records = readFileSync(path, 'utf8').split('\n').filter(Boolean);
      return records
        .map((line) => JSON.parse(line) as { event: string; logger?: string })
        .filter(({ logger }) => logger === 'task.stdout')
        .map(({ event }) => `${event}\n`)
        .join('');
    },
    setCommand: async (value) => {
      await api('/variables/rpa_command', 'DELETE').catch(() => {});
      await api('/variables', 'POST', { key: 'rpa_command', value });
    },
  };
}

async function stopAll(child: ChildProcess, home: string): Promise<void> {
  const ended = new Promise((done) => child.once('close', done));
  const signal = (name: NodeJS.Signals) => {
    try {
      // The group: standalone has children of its own.
      process.kill(-child.pid!, name);
    } catch {
      // All gone.
    }
  };
  if (child.exitCode === null) {
    signal('SIGTERM');
    await Promise.race([ended, new Promise((wait) => setTimeout(wait, 30_000))]);
  }
  signal('SIGKILL');
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}
