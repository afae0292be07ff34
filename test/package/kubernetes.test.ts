import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../src/mock-server/index.ts';

let server: MockServer;
let folder: string;
let started = 0;
let finish: (exitCode: number) => void;
beforeAll(async () => {
  server = await startMockServer({
    exec: {
      billing: async ({ stdout }) => {
        started++;
        stdout.write('begun\n');
        const exitCode = await new Promise<number>((resolve) => {
          finish = resolve;
        });
        return { exitCode };
      },
    },
  });
  folder = mkdtempSync(join(tmpdir(), 'ssh-via-gateway-kubernetes-'));
  writeFileSync(join(folder, 'key'), server.clientKey.privateKey, { mode: 0o600 });
  const { port, username, hostKey } = server;
  const customer = { account: 'kim', port, username, privateKeyPath: 'key', hostKey: hostKey.publicKey };
  const left = { account: 'old', port, state: 'left' };
  writeFileSync(
    join(folder, 'customers.json'),
    JSON.stringify({ gateway: { host: server.host }, customers: { left, kim: customer } }),
  );
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const pods: ChildProcess[] = [];
afterAll(() => {
  for (const pod of pods) pod.kill('SIGKILL');
});

function pod(run: string, index = 0) {
  const env = {
    ...process.env,
    CUSTOMERS: join(folder, 'customers.json'),
    RUN: run,
    JOB_COMPLETION_INDEX: `${index}`,
  };
  const child = spawn(process.execPath, ['examples/kubernetes/task.mjs', 'billing'], { env });
  pods.push(child);
  let said = '';
  const begun = new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('begun')) resolve();
    });
  });
  const code = once(child, 'exit').then(([exitCode]) => exitCode as number | null);
  return { child, begun, code, said: () => said };
}

test('a pod that is told to end leaves its job running, and the next one finds it', async () => {
  const first = pod('billing-1');
  await first.begun;
  first.child.kill('SIGTERM');
  expect(await first.code).toBe(143);
  const second = pod('billing-1');
  await second.begun;
  finish(0);
  expect(await second.code).toBe(0);
  expect([second.said(), started]).toEqual(['begun\n', 1]);
});

test('a pod ends with the exit code of its command, and so does one that comes later', async () => {
  started = 0;
  const first = pod('billing-2');
  await first.begun;
  finish(7);
  expect(await first.code).toBe(7);
  expect(await pod('billing-2').code).toBe(7);
  expect(started).toBe(1);
});

test('an index without a customer fails', async () => {
  expect(await pod('billing-3', 1).code).toBe(1);
});

test('the manifest tries again only where task.mjs says that it may help', () => {
  const manifest = readFileSync('examples/kubernetes/job.yaml', 'utf8');
  const program = readFileSync('examples/kubernetes/task.mjs', 'utf8');
  const [, retried = ''] =
    /- action: FailIndex[\s\S]*?operator: NotIn\n +values: \[(.*)\]/.exec(manifest) ?? [];
  expect(retried).toBe('137, 143, 255');
  for (const code of retried.split(', ')) expect(program).toContain(code);
  expect(manifest).toContain("command: [node, /app/task.mjs, 'C:\\rpa\\run.cmd billing']");
  expect(program).toContain("CUSTOMERS = '/etc/rpa/customers.json'");
  expect(manifest).toContain('mountPath: /etc/rpa }');
  expect(manifest).not.toContain('\t');
});
