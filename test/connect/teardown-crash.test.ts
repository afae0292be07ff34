import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { CipherAlgorithm } from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import { optionsFor } from '../support/connect.ts';
import { hostileServer } from '../support/hostile-server.ts';
import { scenarioNames } from '../support/teardown-child.ts';
import { thorough } from '../support/thorough.ts';

/** ssh2's native ciphers are what crashes; without them (`npm ci --ignore-scripts`) these tests prove less. */
const isNative = hasNativeCiphers();
/** As often as it takes to believe it, or to see what always happens. */
const often = thorough ? 200 : 20;
const times = isNative ? often : 20;
const [title, suffix] = isNative
  ? ['a connection torn down, with the native ciphers of ssh2,', '']
  : ['a connection torn down (WITHOUT the native ciphers of ssh2, which are not built here)', ''];

function hasNativeCiphers(): boolean {
  const crypto = createRequire(import.meta.url)('ssh2/lib/protocol/crypto.js') as {
    bindingAvailable: boolean;
  };
  return crypto.bindingAvailable;
}

/** In CI, a missing addon is an error, unless the run is meant to be without it. */
it.runIf(process.env['CI'] && process.env['SSH2_NATIVE'] !== 'absent')(
  'the native ciphers of ssh2 are built in CI',
  () => {
    expect(isNative).toBe(true);
  },
);

let folder: string;
let program: string;
beforeAll(async () => {
  await mkdir('node_modules/.cache', { recursive: true });
  folder = await mkdtemp('node_modules/.cache/teardown-');
  program = join(folder, 'child.mjs');
  const entryPoints = [new URL('../support/teardown-child.ts', import.meta.url).pathname];
  await build({
    entryPoints,
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A server whose commands stream, and meanwhile do what their name says. */
async function streamingServer(scenario: string): Promise<MockServer> {
  const meanwhile: Record<string, (server: MockServer, connection: number) => void> = {
    stream: () => {},
    'stream and rekey': (server) => void server.rekey(),
    'stream and reset': (server, connection) => server.drop(connection, 'rst'),
    'stream and disconnect': () => {},
  };
  const exec = Object.fromEntries(
    Object.entries(meanwhile).map(([command, act]) => [
      command,
      ({
        stdout,
        closed,
        connection,
      }: {
        stdout: NodeJS.WritableStream;
        closed: AbortSignal;
        connection: number;
      }) => {
        const timer = setInterval(() => stdout.write(Buffer.alloc(2_000, 'x')), 1);
        closed.addEventListener('abort', () => clearInterval(timer));
        setTimeout(() => act(server, connection), 4);
      },
    ]),
  );
  const server: MockServer = await startMockServer({
    exec,
    loginBanner: 'hello',
    faults: {
      ...(scenario === 'another host key at a re-key' ? { handshake: { hostKeyChangesAtRekey: true } } : {}),
      ...(scenario.startsWith('a goodbye')
        ? { disconnect: { phase: 'exec', afterMs: 4, message: 'bye' } }
        : {}),
    },
  });
  return server;
}

describe(`${title}${suffix}`, () => {
  it.concurrent.each(scenarioNames)(
    `by %s does not crash the process, ${times} times`,
    { timeout: 120_000 },
    async (scenario) => {
      await using server = await streamingServer(scenario);
      const [, cipher] = /breaks the protocol under (.*)$/.exec(scenario) ?? [];
      using hostile = await hostileServer((cipher ?? 'aes128-gcm@openssh.com') as CipherAlgorithm);
      const { host, port } = cipher ? hostile : server;
      const base = optionsFor(server, { keepalive: { interval: 5_000, countMax: 3 }, host, port });
      if (cipher) base.hostKey = 'insecure-accept-any';
      const task = JSON.stringify({ scenario, times, parallel: 20, base });
      const child = spawn(process.execPath, [program], { env: { ...process.env, TEARDOWN_TASK: task } });
      let said = '';
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text) => (said += text));
      const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
        child.once('close', (...how) => resolve(how)),
      );
      expect({ code, signal, said }).toEqual({ code: 0, signal: null, said: `${times} done\n` });
    },
  );
});
