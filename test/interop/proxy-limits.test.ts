import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SshError } from '../../src/errors/index.ts';
import {
  type ConnectOptions,
  connectViaGateway,
  httpProxy,
  keepReverseTunnel,
  socksProxy,
} from '../../src/index.ts';
import { freePort, type Sshd, startSshd } from '../support/sshd.ts';

/*
 * What administrators set in tinyproxy and Dante: ports and hosts that are blocked, logins, numbers of clients, and times
 * after which an idle connection is cut.
 */
let sshd: Sshd;
let folder: string;
const running: ChildProcess[] = [];

beforeAll(async () => {
  sshd = await startSshd();
  folder = await mkdtemp(join(tmpdir(), 'proxy-limits-'));
});
afterEach(async () => {
  for (const program of running.splice(0)) {
    program.kill('SIGKILL');
    await once(program, 'exit');
  }
});
afterAll(async () => {
  await sshd?.close();
  await rm(folder, { recursive: true, force: true });
});

async function start(port: number, command: readonly string[]): Promise<void> {
  const program = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], { stdio: 'ignore' });
  running.push(program);
  for (let tries = 0; tries < 200; tries++) {
    if (await listens(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`${command[0]} does not listen`);
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => socket.destroy() && resolve(true)).once('error', () => resolve(false));
  });
}

async function tinyproxy(...lines: readonly string[]): Promise<number> {
  const port = await freePort();
  const file = join(folder, `tinyproxy-${port}`);
  await writeFile(file, [`Port ${port}`, 'Listen 127.0.0.1', ...lines, ''].join('\n'));
  await start(port, ['tinyproxy', '-d', '-c', file]);
  return port;
}

async function dante(...lines: readonly string[]): Promise<number> {
  const port = await freePort();
  const file = join(folder, `dante-${port}`);
  const rules = lines.some((line) => line.includes('pass {')) ? [] : ['socks pass { from: 0/0 to: 0/0 }'];
  const client = lines.some((line) => line.startsWith('client '))
    ? []
    : ['client pass { from: 0/0 to: 0/0 }'];
  const method = lines.some((line) => line.startsWith('socksmethod')) ? [] : ['socksmethod: none'];
  await writeFile(
    file,
    [
      ...['logoutput: /dev/null', `internal: 127.0.0.1 port = ${port}`, 'external: lo', 'clientmethod: none'],
      ...['user.privileged: root', 'user.unprivileged: nobody', ...method],
      ...lines.filter((line) => !line.includes('{')),
      ...client,
      ...lines.filter((line) => line.includes('{')),
      ...rules,
      '',
    ].join('\n'),
  );
  await start(port, ['danted', '-f', file, '-p', `${file}.pid`]);
  return port;
}

const target = (more: Partial<ConnectOptions> = {}): ConnectOptions => {
  const { host, port, username, privateKey, hostPublicKey } = sshd;
  return { host, port, username, privateKey, hostKey: { key: hostPublicKey }, retry: false, ...more };
};

async function verdict(options: ConnectOptions): Promise<string> {
  try {
    await using connection = await connectViaGateway(options);
    return (await connection.exec('echo reached')).stdout.trim();
  } catch (error) {
    const { code, status, hint } = error as SshError & { status?: number };
    return `${code}${status === undefined ? '' : ` ${status}`}: ${hint}`;
  }
}

const forbidden = /^SSH_PROXY_FAILED 403: It does not allow this connection\..* or who may come in/;

describe('tinyproxy', () => {
  it.each<[what: string, lines: string[], verdict: RegExp, more?: Partial<ConnectOptions>]>([
    ['as it comes', [], /^reached$/],
    ['with a port that is allowed', ['ConnectPort PORT'], /^reached$/],
    ['with the port of HTTPS alone', ['ConnectPort 443'], forbidden],
    ['that lets others in', ['Allow 10.1.1.1'], forbidden],
    ['that wants a login', ['BasicAuth kim word'], /^SSH_PROXY_FAILED 407: It requires a login/],
    ['with a filter', ['Filter "FILTER"'], forbidden],
    ['with a filter of what may be reached', ['Filter "FILTER"', 'FilterDefaultDeny Yes'], /^reached$/],
    [
      'before a proxy that is not there',
      ['Upstream http 127.0.0.1:1'],
      /^SSH_PROXY_FAILED 502: It hands on to another proxy/,
    ],
    [
      'and a host without an address',
      [],
      /^SSH_PROXY_FAILED 500: It could not reach the target/,
      { host: 'nowhere.invalid' },
    ],
    ['and a port that is closed', [], /^SSH_PROXY_FAILED 500: It could not reach the target/, { port: 1 }],
  ])('%s', async (_what, lines, expected, more) => {
    await writeFile(join(folder, 'filter'), '^127\\.0\\.0\\.1$\n');
    const filled = lines.map((line) =>
      line.replace('PORT', `${sshd.port}`).replace('FILTER', join(folder, 'filter')),
    );
    const port = await tinyproxy(...filled);
    expect(await verdict({ ...target(more), via: httpProxy(`http://127.0.0.1:${port}`) })).toMatch(expected);
  });

  it('whose clients are all there', async () => {
    const port = await tinyproxy('MaxClients 1', 'Timeout 600');
    const via = httpProxy(`http://127.0.0.1:${port}`);
    await using first = await connectViaGateway({ ...target(), via });
    expect(await verdict({ ...target({ timeouts: { tcp: 1_500 } }), via })).toMatch(
      /^SSH_TCP_TIMEOUT: No answer came by this route: the proxy/,
    );
    expect(first.serverVersion).toContain('OpenSSH');
  });
});

describe('Dante', () => {
  it.each<[what: string, lines: string[], verdict: RegExp, more?: Partial<ConnectOptions>]>([
    ['as it comes', [], /^reached$/],
    [
      'with a port that is blocked',
      ['socks block { from: 0/0 to: 0/0 port = PORT }'],
      /^SSH_PROXY_FAILED 2: Its administrator can allow/,
    ],
    [
      'that lets others in',
      ['client pass { from: 10.1.1.1/32 to: 0/0 }'],
      /^SSH_PROXY_FAILED: .*Does it let this machine in/,
    ],
    ['that wants a login', ['socksmethod: username'], /^SSH_PROXY_FAILED 255: It requires a login/],
    [
      'that serves no connections',
      ['socks pass { from: 0/0 to: 0/0 command: bind }'],
      /^SSH_PROXY_FAILED 2: Its administrator can allow/,
    ],
    [
      'and a host without an address',
      [],
      /^SSH_PROXY_FAILED 4: .*does its name resolve there/,
      { host: 'nowhere.invalid' },
    ],
    ['and a port that is closed', [], /^SSH_CONNECTION_REFUSED: /, { port: 1 }],
  ])('%s', async (_what, lines, expected, more) => {
    const port = await dante(...lines.map((line) => line.replace('PORT', `${sshd.port}`)));
    expect(await verdict({ ...target(more), via: socksProxy(`socks5://127.0.0.1:${port}`) })).toMatch(
      expected,
    );
  });
});

describe.each([
  ['tinyproxy', async () => httpProxy(`http://127.0.0.1:${await tinyproxy('Timeout 2')}`)],
  ['Dante', async () => socksProxy(`socks5://127.0.0.1:${await dante('timeout.io: 2')}`)],
])('an idle time of two seconds in %s', (_name, start) => {
  it('does not cut a connection with a shorter keepalive', async () => {
    const via = await start();
    await using connection = await connectViaGateway({ ...target(), via, keepalive: { interval: 500 } });
    const { stdout } = await connection.exec('sleep 5; echo woken');
    expect(stdout).toBe('woken\n');
  });

  it('cuts one without a keepalive: the command fails as lost, at once', async () => {
    const via = await start();
    await using connection = await connectViaGateway({ ...target(), via, keepalive: false });
    const began = Date.now();
    const error = (await connection.exec('sleep 20').catch((lost) => lost)) as SshError;
    expect(error).toMatchObject({
      code: 'SSH_CONNECTION_LOST',
      hint: expect.stringContaining('still be running'),
    });
    expect(Date.now() - began).toBeLessThan(8_000);
  });

  it('does not stop a tunnel: it comes back by itself', async () => {
    const via = await start();
    const { hostKey, host, port, username, privateKey } = target();
    await using tunnel = keepReverseTunnel({
      gateway: { host, port, username, privateKey, hostKey, via, keepalive: false },
      ...{
        listenPort: await freePort(),
        target: { host: '127.0.0.1', port: 9 },
        checkInterval: Number.POSITIVE_INFINITY,
      },
    });
    const states: string[] = [];
    for await (const { state } of tunnel) {
      states.push(state);
      if (states.filter((one) => one === 'up').length === 2) break;
    }
    expect(states.slice(states.indexOf('up'))).toEqual(['up', 'waiting', 'connecting', 'up']);
  });
});
