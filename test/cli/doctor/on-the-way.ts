import type { MockServer, MockServerOptions } from '../../../src/mock-server/index.ts';
import { deafPort } from '../../support/deaf-port.ts';
import type { Situation, Stage } from './situation.ts';

interface Hop {
  port: number;
  server?: MockServer;
}

/** An ssh_config in which `gateway` and `pc` are these ports, with their keys on record, unless `unknown` names one. */
async function throughGateway(
  stage: Stage,
  gateway: Hop,
  pc: Hop,
  unknown?: 'gateway' | 'pc',
): Promise<string[]> {
  const blocks: string[] = [];
  for (const [name, { port, server }] of Object.entries({ gateway, pc })) {
    const record = server && name !== unknown ? `${name} ${server.hostKey.publicKey}\n` : '';
    const known = await stage.file(`known-${name}`, record);
    const identity = server ? await stage.file(`id-${name}`, server.clientKey.privateKey) : '/dev/null';
    blocks.push(`Host ${name}`, 'HostName 127.0.0.1', `Port ${port}`, 'User rpa', `HostKeyAlias ${name}`);
    blocks.push(`UserKnownHostsFile ${known}`, ...(server ? [`IdentityFile ${identity}`] : []));
  }
  const config = await stage.file('config', `${blocks.join('\n')}\n`);
  return ['--ssh-config', config, '--jump', 'gateway', 'pc', '--banner-timeout', '600ms'];
}

const hopOf = (server: MockServer): Hop => ({ port: server.port, server });

const gatewayThat =
  (options: MockServerOptions, ...more: string[]): Situation['open'] =>
  async (stage) => [
    ...(await throughGateway(stage, hopOf(await stage.server(options)), hopOf(await stage.server()))),
    ...more,
  ];

const gatewayPort =
  (said: string, end: 'wait' | 'close'): Situation['open'] =>
  async (stage) =>
    throughGateway(stage, { port: await stage.port(said, end) }, hopOf(await stage.server()));

const behind =
  (pc: (stage: Stage) => Promise<Hop>, unknown?: 'gateway' | 'pc'): Situation['open'] =>
  async (stage) =>
    throughGateway(stage, hopOf(await stage.server()), await pc(stage), unknown);

const way = { step: 'tcp', exitCode: 11 } as const;

const gateways: Situation[] = [
  {
    what: 'a gateway whose sshd is down',
    ...way,
    kind: 'gatewayRefuses',
    says: /\(the gateway, not the PC\)$/,
    todo: /administrator of the gateway/,
    open: async (stage) => throughGateway(stage, { port: await stage.closedPort() }, { port: 9 }),
  },
  {
    what: 'a gateway that hangs',
    ...way,
    kind: 'muteGateway',
    says: /\(the gateway, not the PC\)$/,
    todo: /administrator of the gateway/,
    open: gatewayPort('', 'wait'),
  },
  {
    what: 'a gateway that hangs up',
    ...way,
    kind: 'closedGateway',
    says: /\(the gateway, not the PC\)$/,
    todo: /bars this address/,
    open: gatewayPort('', 'close'),
  },
  {
    what: 'a gateway that is full',
    ...way,
    kind: 'maxStartups',
    says: /jump 1 of 1/,
    todo: /MaxStartups/,
    open: gatewayPort('Exceeded MaxStartups\r\n', 'close'),
  },
  {
    what: 'a gateway with a penalty for us',
    ...way,
    kind: 'penalty',
    says: /jump 1 of 1/,
    todo: /PerSourcePenaltyExemptList/,
    open: gatewayPort('Not allowed at this time\r\n', 'close'),
  },
  {
    what: 'a web server in the place of the gateway',
    ...way,
    kind: 'webServer',
    says: /jump 1 of 1/,
    todo: /port of that jump host/,
    open: gatewayPort('HTTP/1.1 400 Bad Request\r\n\r\n', 'close'),
  },
  {
    what: 'a gateway whose key exchange hangs',
    ...way,
    kind: 'keysSilent',
    says: /jump 1 of 1/,
    todo: /MTU/,
    open: gatewayThat({ faults: { handshake: { hang: true } } }, '--handshake-timeout', '400ms'),
  },
  {
    what: 'a gateway that refuses the login',
    ...way,
    kind: 'keyRefused',
    says: /jump 1 of 1/,
    todo: /authorized_keys/,
    open: gatewayThat({ faults: { auth: { refuse: true } } }),
  },
  {
    what: 'a gateway whose login hangs',
    ...way,
    kind: 'loginSilent',
    says: /jump 1 of 1/,
    todo: /domain controller/,
    open: gatewayThat({ faults: { auth: { hang: true } } }, '--auth-timeout', '400ms'),
  },
  {
    what: 'a gateway that forbids forwarding',
    ...way,
    kind: 'gatewayForbids',
    todo: /AllowTcpForwarding/,
    open: gatewayThat({ forwarding: { local: false } }),
  },
  {
    what: 'a gateway whose key is not on record',
    ...way,
    kind: 'hostKeyUnknownGateway',
    says: /^jump 1 of 1 .*no key of this jump host/,
    todo: /on that jump host: ssh-keygen -lf \/etc\/ssh\/ssh_host_ed25519_key\.pub.*--jump-host-key 127\.0\.0\.1:\d+=SHA256:\S+; .*--accept-new, or in known_hosts a line of "gateway"/,
    open: behind(async (stage) => hopOf(await stage.server()), 'gateway'),
  },
];

const pcs: Situation[] = [
  {
    what: 'no tunnel behind a gateway that is well',
    ...way,
    kind: 'noTunnelBehindGateway',
    says: /gateway works/,
    todo: /look at the PC/,
    open: behind(async (stage) => ({ port: await stage.closedPort() })),
  },
  {
    what: 'a zombie behind a gateway',
    step: 'banner',
    exitCode: 12,
    kind: 'zombie',
    todo: /each connection keeps/,
    open: behind(async (stage) => ({ port: await stage.port('', 'wait') })),
  },
  {
    what: 'a PC behind a gateway whose sshd is down',
    step: 'banner',
    exitCode: 12,
    kind: 'pcSshdDown',
    todo: /Start-Service sshd/,
    open: behind(async (stage) => ({ port: await stage.port('') })),
  },
  {
    what: 'a web server behind a gateway',
    step: 'banner',
    exitCode: 12,
    kind: 'webServer',
    todo: /host and port/,
    open: behind(async (stage) => ({ port: await stage.port('HTTP/1.1 400 No\r\n\r\n') })),
  },
  {
    what: 'a PC behind a gateway whose key is not on record',
    step: 'hostKey',
    exitCode: 14,
    kind: 'hostKeyUnknown',
    todo: /--accept-new/,
    open: behind(async (stage) => hopOf(await stage.server()), 'pc'),
  },
  {
    what: 'a PC behind a gateway that refuses the login',
    step: 'login',
    exitCode: 15,
    kind: 'keyRefused',
    todo: /authorized_keys/,
    open: behind(async (stage) => hopOf(await stage.server({ faults: { auth: { refuse: true } } }))),
  },
  {
    what: 'a PC behind a gateway that is well',
    step: 'login',
    verdict: 'ok',
    exitCode: 0,
    open: behind(async (stage) => hopOf(await stage.server())),
  },
];

const direct: Situation[] = [
  {
    what: 'no tunnel',
    ...way,
    kind: 'noTunnel',
    todo: /look at the PC/,
    open: async (stage) => [`rpa@127.0.0.1:${await stage.closedPort()}`],
  },
  {
    what: 'a port that does not answer at all',
    ...way,
    kind: 'hostSilent',
    todo: /firewall/,
    open: async (stage) => {
      const deaf = await deafPort();
      stage.onEnd(() => deaf[Symbol.asyncDispose]());
      return [`rpa@127.0.0.1:${deaf.port}`, '--tcp-timeout', '400ms'];
    },
  },
  {
    what: 'a name without an address',
    step: 'dns',
    exitCode: 10,
    todo: /spelling|name servers/,
    open: async () => ['rpa@nobody.invalid:9012'],
  },
];

export const onTheWay: Situation[] = [...direct, ...gateways, ...pcs];
