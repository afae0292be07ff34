import { createServer } from 'node:net';
import { format } from 'node:util';
import debug from 'debug';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startMockGateway, startMockServer } from '../../src/mock-server/index.ts';
import { keepReverseTunnel } from '../../src/reverse-tunnel.ts';
import { connectTo, optionsFor } from '../support/connect.ts';
import { localAccount } from '../support/local-job-host.ts';

const topics = ['connect', 'auth', 'exec', 'sftp', 'forward', 'tunnel', 'job'] as const;
let lines: Array<{ topic: string; text: string }>;
const former = debug.log;

beforeEach(() => {
  lines = [];
  debug.enable('ssh-via-gateway:*');
  debug.log = function log(this: { namespace: string }, ...parts: unknown[]) {
    const text = format(...parts);
    const topic = topics.find((one) => text.includes(`ssh-via-gateway:${one}`)) ?? '?';
    lines.push({ topic, text });
  } as typeof debug.log;
});
afterEach(() => {
  debug.disable();
  debug.log = former;
});

const linesOf = (topic: (typeof topics)[number]) =>
  lines.filter((line) => line.topic === topic).map(({ text }) => text);

test('each topic reports its own part, in a few lines', async () => {
  await using account = await localAccount();
  await using gateway = await startMockGateway();
  await using pc = await startMockServer({ exec: account.handler });
  {
    await using connection = await connectTo(pc);
    await connection.exec('true');
    await connection.upload(Buffer.from('x'), '/x');
    await using forwarding = await connection.forwardLocal({ host: pc.host, port: pc.port });
    expect(forwarding.port).toBeGreaterThan(0);
    const job = await connection.startJob('true', { id: 'one' });
    await job.kill();
  }
  const { retry: _retry, ...login } = optionsFor(gateway.ssh);
  const tunnel = keepReverseTunnel({
    gateway: login,
    ...{ listenHost: '127.0.0.1', listenPort: await freePort(), target: { host: pc.host, port: pc.port } },
  });
  for await (const { state } of tunnel) if (state === 'up') break;
  await tunnel.close();
  expect(linesOf('connect').join('\n')).toMatch(/attempt: Connecting to[\s\S]*connected: Connected to/);
  expect(linesOf('connect').join('\n')).toMatch(/phases {"total":\d/);
  expect(linesOf('auth').join('\n')).toContain('trying publickey (ssh-ed25519 SHA256:');
  expect(linesOf('exec').join('\n')).toMatch(/"true"[\s\S]*exited with 0 after \d+ ms/);
  expect(linesOf('sftp').join('\n')).toMatch(/upload of a buffer to "\/x": done, 1 bytes/);
  expect(linesOf('forward').join('\n')).toMatch(/listening on "127\.0\.0\.1:\d+"[\s\S]*closed/);
  expect(linesOf('job').join('\n')).toMatch(/one started[\s\S]*one is told to end/);
  expect(linesOf('tunnel').join('\n')).toMatch(/connecting[\s\S]*up {"listen"[\s\S]*closed/);
  expect(lines.length).toBeLessThan(60);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('failures are reported by their codes', async () => {
  await using server = await startMockServer();
  await using connection = await connectTo(server);
  await connection.exec('sleep 60', { timeout: 20 }).catch(() => {});
  await connection.download('/absent', '/tmp/ssh-via-gateway-never-there').catch(() => {});
  expect(linesOf('exec').join('\n')).toContain('SSH_COMMAND_TIMEOUT');
  expect(linesOf('sftp').join('\n')).toMatch(/"\/absent".*SSH_/);
});

test('text of a server and of a caller is escaped', async () => {
  await using server = await startMockServer({ ident: 'OpenSSH_9.9 \u001b[2J', exec: () => 0 });
  await using connection = await connectTo(server);
  await connection.exec('a\u001b[2Jb\nforged line', { shell: 'raw' });
  const all = lines.map(({ text }) => text.replace(/\u001b\[[\d;]*m/g, '')).join('\n');
  expect(all).not.toContain('\u001b');
  expect(all).toContain('a\\x1b[2Jb\\nforged line');
});
