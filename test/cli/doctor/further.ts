import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { MockServerOptions } from '../../../src/mock-server/index.ts';
import { fakeAgent } from '../../support/fake-agent.ts';
import { keygen } from '../../support/private-keys.ts';
import { mocks, through } from './jump-hosts.ts';
import { faulty, pc } from './pcs.ts';
import { answering, at, loginAt, type Situation, type Stage } from './situation.ts';

const atBanner = { step: 'banner', exitCode: 12 } as const;
const onTheWay = { step: 'tcp', exitCode: 11 } as const;
const quick = ['--banner-timeout', '400ms'];

/** Two jump hosts that are well, and a port of the PC on which this is said. */
const behindTwo =
  (said: string, end: 'wait' | 'close' = 'close', ...more: string[]): Situation['open'] =>
  async (stage) =>
    through(stage, [...(await mocks(stage, {}, {})), await stage.port(said, end)], ...more);

/** A first jump host that is well, and a second one that says this. */
const secondSays =
  (said: string): Situation['open'] =>
  async (stage) =>
    through(stage, [...(await mocks(stage, {})), await stage.port(said), 9]);

function agentOnly(stage: Stage): Promise<string[]> {
  return withAgent(stage, `${stage.folder}/dead.sock`);
}

/** It has the right key, and refuses to sign. */
async function silentAgent(stage: Stage): Promise<string[]> {
  const { privateKey, publicKey } = await keygen('-t', 'ed25519', '-N', '');
  const agent = stage.keep(await fakeAgent({ keys: [privateKey], fault: 'fail' }));
  return withAgent(stage, agent.path, { users: [{ username: 'rpa', publicKeys: [publicKey] }] });
}

async function withAgent(stage: Stage, path: string, options: MockServerOptions = {}): Promise<string[]> {
  const server = await stage.server(options);
  const block = `Host pc\n HostName 127.0.0.1\n Port ${server.port}\n User rpa\n IdentityAgent ${path}\n`;
  return ['--ssh-config', await stage.file('config', block), '--host-key', server.hostKey.fingerprint, 'pc'];
}

/** A customer of a customers file whose gateway is down. */
async function customerBehindDeadGateway(stage: Stage): Promise<string[]> {
  const server = await stage.server();
  const gateway = {
    host: '127.0.0.1',
    port: 9,
    layout: 'jump',
    username: 'w',
    hostKey: [server.hostKey.publicKey],
  };
  const customers = { acme: { port: 9012, account: 'tunnel-acme' } };
  const file = await stage.file('customers.json', JSON.stringify({ gateway, customers }));
  return ['--customers', file, '-c', 'acme', '--identity', (await loginAt(stage, server))[1]!];
}

async function throughFolderOfKnownHosts(stage: Stage): Promise<string[]> {
  const server = await stage.server();
  const folder = join(stage.folder, 'known_hosts');
  await mkdir(folder);
  const jump = ['--jump', `rpa@127.0.0.1:${server.port}`, '--known-hosts', folder];
  return ['--identity', await stage.file('id', server.clientKey.privateKey), ...jump, 'rpa@127.0.0.1:9'];
}

async function proxiedBy(stage: Stage, of: (port: number) => Promise<string>): Promise<string[]> {
  const server = await stage.server();
  return [...(await loginAt(stage, server)), '--proxy', await of(server.port)];
}

export const further: Situation[] = [
  {
    what: 'a known_hosts that is a folder, with a jump host',
    ...onTheWay,
    kind: 'knownHostsUnreadable',
    says: /^jump 1 of 1 .*EISDIR/,
    todo: /--known-hosts/,
    open: throughFolderOfKnownHosts,
  },
  {
    what: 'a jump host with a penalty for us',
    ...onTheWay,
    kind: 'penalty',
    says: /^jump 1 of 1 /,
    todo: /PerSourcePenaltyExemptList/,
    open: async (stage) => through(stage, [await stage.port('Not allowed at this time\r\n'), 9]),
  },
  {
    what: 'a second jump host that is full',
    ...onTheWay,
    kind: 'maxStartups',
    says: /^jump 2 of 2 /,
    todo: /Its administrator can raise/,
    open: secondSays('Exceeded MaxStartups\r\n'),
  },
  {
    what: 'a mail server in the place of the second jump host',
    ...onTheWay,
    kind: 'otherServer',
    says: /^SMTP answers at jump 2 of 2 /,
    todo: /port of that jump host/,
    open: secondSays('220 mail.example.com ESMTP\r\n'),
  },
  {
    what: 'a zombie behind two jump hosts',
    ...atBanner,
    kind: 'zombie',
    todo: /tunnels --end/,
    open: behindTwo('', 'wait', ...quick),
  },
  {
    what: 'a PC behind two jump hosts whose sshd is down',
    ...atBanner,
    kind: 'pcSshdDown',
    todo: /Start-Service sshd/,
    open: behindTwo(''),
  },
  {
    what: 'Remote Desktop behind two jump hosts',
    ...atBanner,
    kind: 'otherServer',
    says: /^what answers|^Remote Desktop/,
    todo: /host and port/,
    open: behindTwo('\x03\0\0\x13\x0e'),
  },
  {
    what: 'a PC behind two jump hosts that is full',
    ...atBanner,
    kind: 'maxStartups',
    todo: /Behind a tunnel every worker has the same address/,
    open: behindTwo('Exceeded MaxStartups\r\n'),
  },
  {
    what: 'a server that falls silent within its first line',
    ...atBanner,
    kind: 'stoppedSpeaking',
    says: /^it began its first line and fell silent: SSH-2\.0-Open$/,
    todo: /try again/,
    open: answering('SSH-2.0-Open', 'wait', ...quick),
  },
  {
    what: 'a jump host that falls silent within its first line',
    ...onTheWay,
    kind: 'stoppedSpeaking',
    says: /^jump 1 of 1 .* began its first line/,
    todo: /that jump host broke/,
    open: async (stage) => through(stage, [await stage.port('SSH-2.0-Open', 'wait'), 9], ...quick),
  },
  {
    what: 'an agent that is dead, and nothing else',
    step: 'login',
    exitCode: 15,
    kind: 'agentDead',
    says: /only an agent .* does not answer/,
    todo: /SSH_AUTH_SOCK, IdentityAgent/,
    open: agentOnly,
  },
  {
    what: 'an agent that does not sign',
    step: 'login',
    exitCode: 15,
    kind: 'agentUnsigned',
    says: /takes a key of the agent, but the agent does not sign with it/,
    todo: /ssh-add -X/,
    open: silentAgent,
  },
  {
    what: 'a command that a signal ends',
    step: 'exec',
    exitCode: 16,
    kind: 'killed',
    says: /signal SIGKILL ended it/,
    todo: /out of memory, a limit/,
    open: at({ exec: ({ kill }) => kill('KILL') }),
  },
  {
    what: 'a shell that greets before each command',
    step: 'exec',
    verdict: 'warn',
    exitCode: 0,
    says: /something prints text before their output: "Welcome to acme!"/,
    todo: /AutoRun of cmd/,
    open: pc({ answers: { echo: 'Welcome to acme!\nssh-via-gateway-doctor\n' } }),
  },
  {
    what: 'a password that has expired, said at the login',
    step: 'login',
    exitCode: 15,
    kind: 'accountRefused',
    says: /Your password has expired/,
    todo: /password.*must be changed/,
    open: at({
      loginBanner: 'WARNING: Your password has expired.\nYou must change your password now and login again!',
      faults: { auth: { refuse: true } },
    }),
  },
  {
    what: 'a customer whose gateway is down',
    ...onTheWay,
    kind: 'gatewayRefuses',
    says: /\(the gateway, not the PC\)$/,
    todo: /administrator of the gateway/,
    open: customerBehindDeadGateway,
  },
  {
    what: 'an SSH server in the place of the proxy',
    ...onTheWay,
    kind: 'proxyStrange',
    says: /is an SSH server: it said "SSH-2\.0-/,
    todo: /Look at --proxy/,
    open: (stage) => proxiedBy(stage, async (port) => `http://127.0.0.1:${port}`),
  },
  {
    what: 'an HTTP proxy that is called a SOCKS proxy',
    ...onTheWay,
    kind: 'proxyStrange',
    says: /is a web server, or a proxy of another kind: it said/,
    todo: /the kind \(http, https, socks5\)/,
    open: (stage) => proxiedBy(stage, async (port) => (await stage.proxyTo(port)).replace('http', 'socks5')),
  },
  {
    what: 'a proxy command that prints a page',
    ...atBanner,
    kind: 'proxyCommandFailed',
    says: /the proxy command printf printed "<html>login<\/html>" instead of/,
    todo: /Run it by hand/,
    open: async (stage) => [
      ...(await loginAt(stage, await stage.server())),
      ...['--proxy-command', 'printf "<html>login</html>"'],
    ],
  },
  {
    what: 'a network that asks for a login first',
    ...atBanner,
    kind: 'webServer',
    says: /HTTP\/1\.1 302 Found"$/,
    todo: /host and port/,
    open: answering('HTTP/1.1 302 Found\r\nLocation: http://login/\r\n\r\n'),
  },
  {
    what: 'a server that says why after its first line, and closes',
    step: 'keys',
    exitCode: 13,
    kind: 'keysClosed',
    todo: /MaxStartups is reached/,
    open: answering('SSH-2.0-OpenSSH_9.9\r\n'),
  },
  {
    what: 'a small file that cannot be removed again',
    step: 'disk',
    verdict: 'warn',
    exitCode: 0,
    todo: /./,
    open: faulty({ sftp: { failOp: { op: 'REMOVE', status: 3 } } }),
  },
];
