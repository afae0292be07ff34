import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CorporateNetwork, startCorporateNetwork } from '../support/corporate-network.ts';
import { type Sshd, startSshd } from '../support/sshd.ts';

const source = new URL('../../src/index.ts', import.meta.url).pathname;

/** What a worker inside the network gets of each route: the answer of a command, or its error. */
const worker = `
import { connectViaGateway, httpProxy, jumpHost, keepReverseTunnel, proxyFromEnvironment, socksProxy } from ${JSON.stringify(source)};
const { pc, http, socks, listenPort } = JSON.parse(process.env.WORKER);
const direct = { ...pc, retry: false, timeouts: { tcp: 5000 } };
const { retry, ...hop } = direct;
process.env.HTTPS_PROXY = http;
const routes = {
  straight: undefined,
  http: httpProxy(http),
  socks: socksProxy(socks),
  environment: proxyFromEnvironment(),
  jump: jumpHost({ ...hop, via: socksProxy(socks) }),
  'http without a login': httpProxy(http.replace(/\\/\\/.*@/, '//')),
  'socks to a closed port': socksProxy(socks),
  'http to a closed port': httpProxy(http),
};
const told = {};
for (const [name, via] of Object.entries(routes)) {
  const port = name.endsWith('closed port') ? 1 : pc.port;
  try {
    const connection = await connectViaGateway({ ...direct, port, ...(via ? { via } : {}) });
    told[name] = (await connection.exec('echo reached')).stdout.trim();
    await connection.close();
  } catch (error) {
    told[name] = error.code + (error.status === undefined ? '' : ' ' + error.status);
  }
}
for (const [name, via] of [['tunnel by http', httpProxy(http)], ['tunnel by socks', socksProxy(socks)]]) {
  const tunnel = keepReverseTunnel({
    gateway: { ...hop, via }, listenPort, target: { host: '127.0.0.1', port: 9 }, checkInterval: Infinity,
  });
  for await (const { state } of tunnel) if ((told[name] = state) === 'up') break;
  await tunnel.close();
}
console.log(JSON.stringify(told));
`;

describe('a network with no way out but tinyproxy and Dante', () => {
  let network: CorporateNetwork;
  let sshd: Sshd;
  beforeAll(async () => {
    network = await startCorporateNetwork();
    sshd = await startSshd({ address: network.outside });
  });
  afterAll(async () => {
    await sshd?.close();
    await network?.[Symbol.asyncDispose]();
  });

  it('lets connections, jump hosts and tunnels through them, and nothing else', async () => {
    const { host, port, username, privateKeyPath, hostPublicKey } = sshd;
    const setup = {
      pc: { host, port, username, privateKeyPath, hostKey: { key: hostPublicKey } },
      http: network.httpProxy,
      socks: network.socksProxy,
      listenPort: 20_000 + (port % 10_000),
    };
    expect(await runInside(network.namespace, setup)).toEqual({
      straight: 'SSH_CONNECT_FAILED',
      http: 'reached',
      socks: 'reached',
      environment: 'reached',
      jump: 'reached',
      'http without a login': 'SSH_PROXY_FAILED 407',
      'socks to a closed port': 'SSH_CONNECTION_REFUSED',
      'http to a closed port': 'SSH_PROXY_FAILED 500',
      'tunnel by http': 'up',
      'tunnel by socks': 'up',
    });
  });
});

async function runInside(namespace: string, setup: object): Promise<unknown> {
  const cache = new URL('../../node_modules/.cache/', import.meta.url).pathname;
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'proxies-'));
  try {
    const { outputFiles } = await build({
      stdin: { contents: worker, resolveDir: cache, loader: 'js' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      write: false,
    });
    await writeFile(join(folder, 'worker.mjs'), outputFiles[0]!.contents);
    const { stdout } = await promisify(execFile)(
      'ip',
      ['netns', 'exec', namespace, process.execPath, join(folder, 'worker.mjs')],
      { env: { ...process.env, WORKER: JSON.stringify(setup) }, timeout: 60_000 },
    );
    return JSON.parse(stdout);
  } finally {
    await rm(folder, { recursive: true });
  }
}
