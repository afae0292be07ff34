import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import { nodeBinary } from './support/nodes.ts';
import { run } from './support/run.ts';

// Each file directly in examples/ is a program of its own; folders there have tests of their own.
const examples = readdirSync('examples').filter((file) => /\.(mjs|js|cjs|ts|mts)$/.test(file));

let server: MockServer;
let folder: string;
let environment: Record<string, string>;
beforeAll(async () => {
  server = await startMockServer();
  folder = mkdtempSync(join(tmpdir(), 'ssh-via-gateway-examples-'));
  const key = join(folder, 'id_ed25519');
  writeFileSync(key, server.clientKey.privateKey, { mode: 0o600 });
  // What examples that do not start a server of their own take their settings from.
  environment = {
    SSH_HOST: server.host,
    SSH_PORT: String(server.port),
    SSH_USERNAME: server.username,
    SSH_PRIVATE_KEY_PATH: key,
    SSH_HOST_KEY: server.hostKey.fingerprint,
  };
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

test.each(examples)('examples/%s runs and ends with 0', async (file) => {
  // Node 20 cannot run TypeScript; from 22.18 on it can.
  const node = /\.m?ts$/.test(file) ? await nodeBinary('24') : process.execPath;
  const { code, stdout, stderr } = await run(node, [join('examples', file)], {
    cwd: process.cwd(),
    env: environment,
    timeout: 90_000,
  });
  expect(code, `${stdout}\n${stderr}`).toBe(0);
});

test('There are examples', () => {
  expect(examples.length).toBeGreaterThan(0);
});
