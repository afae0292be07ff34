import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ip = (...args: string[]) => run('ip', args);

/**
 * A network whose machines reach nothing but two proxies: tinyproxy (HTTP, with a login) and Dante (SOCKS 5). Needs root,
 * iproute2, tinyproxy and dante-server.
 */
export interface CorporateNetwork extends AsyncDisposable {
  /** Where a worker runs. */
  readonly namespace: string;
  /** This machine, as the proxies reach it. */
  readonly outside: string;
  readonly httpProxy: string;
  readonly socksProxy: string;
}

export const proxyLogin = { user: 'kim', password: 'pass-word' };

export async function startCorporateNetwork(): Promise<CorporateNetwork> {
  const id = randomInt(0x10000).toString(16).padStart(4, '0');
  const net = `10.${randomInt(100, 250)}`;
  const [corp, proxy] = [`svg-corp-${id}`, `svg-proxy-${id}`];
  const folder = await mkdtemp(join(tmpdir(), 'corporate-'));
  const programs: ChildProcess[] = [];
  const close = async () => {
    for (const program of programs) await end(program);
    for (const name of [corp, proxy]) await ip('netns', 'del', name).catch(() => {});
    await ip('link', 'del', `svgo${id}`).catch(() => {});
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await connectNetworks(id, net, corp, proxy);
    const [inside, outside] = [`${net}.1.1`, `${net}.2.2`];
    await writeFile(join(folder, 'tinyproxy.conf'), tinyproxyConfig(inside));
    await writeFile(join(folder, 'danted.conf'), danteConfig(inside, outside));
    programs.push(start(proxy, ['tinyproxy', '-d', '-c', join(folder, 'tinyproxy.conf')]));
    programs.push(
      start(proxy, ['danted', '-f', join(folder, 'danted.conf'), '-p', join(folder, 'danted.pid')]),
    );
    for (const port of [8888, 1080]) await untilListening(proxy, port);
    const { user, password } = proxyLogin;
    return {
      namespace: corp,
      outside: `${net}.2.1`,
      httpProxy: `http://${user}:${password}@${inside}:8888`,
      socksProxy: `socks5://${inside}:1080`,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** corp -- proxy -- here, and no way from corp to here but what the proxy's programs carry. */
async function connectNetworks(id: string, net: string, corp: string, proxy: string): Promise<void> {
  for (const name of [corp, proxy]) {
    await ip('netns', 'add', name);
    await ip('-n', name, 'link', 'set', 'lo', 'up');
  }
  await run('ip', ['netns', 'exec', proxy, 'sh', '-c', 'echo 0 > /proc/sys/net/ipv4/ip_forward']);
  await ip(
    'link',
    'add',
    `svgc${id}`,
    'netns',
    corp,
    'type',
    'veth',
    'peer',
    'name',
    'inside',
    'netns',
    proxy,
  );
  await ip('link', 'add', `svgo${id}`, 'type', 'veth', 'peer', 'name', 'outside', 'netns', proxy);
  await ip('-n', corp, 'addr', 'add', `${net}.1.2/24`, 'dev', `svgc${id}`);
  await ip('-n', proxy, 'addr', 'add', `${net}.1.1/24`, 'dev', 'inside');
  await ip('-n', proxy, 'addr', 'add', `${net}.2.2/24`, 'dev', 'outside');
  await ip('addr', 'add', `${net}.2.1/24`, 'dev', `svgo${id}`);
  await ip('-n', corp, 'link', 'set', `svgc${id}`, 'up');
  for (const link of ['inside', 'outside']) await ip('-n', proxy, 'link', 'set', link, 'up');
  await ip('link', 'set', `svgo${id}`, 'up');
}

function tinyproxyConfig(inside: string): string {
  const { user, password } = proxyLogin;
  return `Port 8888\nListen ${inside}\nTimeout 600\nMaxClients 50\nBasicAuth ${user} ${password}\n`;
}

function danteConfig(inside: string, outside: string): string {
  return `logoutput: stderr
internal: ${inside} port = 1080
external: ${outside}
clientmethod: none
socksmethod: none
user.privileged: root
user.unprivileged: nobody
client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 command: connect }
`;
}

function start(namespace: string, command: readonly string[]): ChildProcess {
  // A test run that is killed takes the proxies with it.
  const args = ['--pdeathsig', 'KILL', 'ip', 'netns', 'exec', namespace, ...command];
  return spawn('setpriv', args, { stdio: 'ignore' });
}

async function end(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null) return;
  const gone = once(program, 'exit');
  program.kill('SIGTERM');
  const late = setTimeout(() => program.kill('SIGKILL'), 2_000);
  await gone;
  clearTimeout(late);
}

async function untilListening(namespace: string, port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const { stdout } = await run('ip', ['netns', 'exec', namespace, 'ss', '-Htln', `sport = :${port}`]);
    if (stdout !== '') return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Nothing listens on port ${port} of ${namespace}`);
}
