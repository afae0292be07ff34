import type { MockServerOptions } from '../../../src/mock-server/index.ts';
import type { Situation, Stage } from './situation.ts';

const way = { step: 'tcp', exitCode: 11 } as const;

/** By options alone: through these ports, in this order, to the last one; all of them know the same key. */
export async function through(stage: Stage, ports: readonly number[], ...more: string[]): Promise<string[]> {
  const server = await stage.server();
  const identity = await stage.file('id', server.clientKey.privateKey);
  const [target, ...jumps] = ports.map((port) => `rpa@127.0.0.1:${port}`).reverse();
  const { fingerprint } = server.hostKey;
  const pins = ['--host-key', fingerprint, '--jump-host-key', fingerprint];
  return ['--identity', identity, ...pins, '--jump', jumps.reverse().join(','), target!, ...more];
}

export const mocks = async (stage: Stage, ...options: MockServerOptions[]): Promise<number[]> =>
  Promise.all(options.map(async (one) => (await stage.server(one)).port));

/** One jump host that is like this, and a PC that is well. */
const jumpThat =
  (options: MockServerOptions, ...more: string[]): Situation['open'] =>
  async (stage) =>
    through(stage, await mocks(stage, options, {}), ...more);

/** Without the pin of the jump host, which known_hosts of this text is to know. */
const jumpOnRecord =
  (record: (place: string) => string, ...more: string[]): Situation['open'] =>
  async (stage) => {
    const ports = await mocks(stage, {}, {});
    const args = (await through(stage, ports)).filter((_one, index) => index !== 4 && index !== 5);
    const known = await stage.file('known_hosts', record(`[127.0.0.1]:${ports[0]}`));
    return [...args.filter((_one, index) => index !== 2 && index !== 3), '--known-hosts', known, ...more];
  };
const otherKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

/** What only a jump host's own options mend: the advice must not speak of the PC's. */
export const jumpHosts: Situation[] = [
  {
    what: 'a jump host that is full',
    ...way,
    kind: 'maxStartups',
    says: /^jump 1 of 1 /,
    todo: /Its administrator can raise MaxStartups/,
    open: async (stage) => through(stage, [await stage.port('Exceeded MaxStartups\r\n'), 9]),
  },
  {
    what: 'a jump host that hangs up before the keys',
    ...way,
    kind: 'keysClosed',
    says: /^jump 1 of 1 /,
    todo: /bans the address that it sees/,
    open: jumpThat({ faults: { handshake: { closeInKex: 'fin' } } }),
  },
  {
    what: 'a jump host whose account has expired',
    ...way,
    kind: 'accountRefused',
    says: /^jump 1 of 1 .*may not log in: Your account has expired;.*please contact \(the gateway, not the PC\)$/,
    todo: /on that jump host has expired.*There: chage -l NAME/,
    open: jumpThat({
      loginBanner: 'Your account has expired;\nplease contact',
      faults: { auth: { refuse: true } },
    }),
  },
  {
    what: 'a jump host that says something before it refuses',
    ...way,
    kind: 'keyRefused',
    says: /^jump 1 of 1 /,
    todo: /^The server says: "Ask \\x1b\[31mKim". Do not try again/,
    open: jumpThat({ loginBanner: 'Ask \x1b[31mKim', faults: { auth: { refuse: true } } }),
  },
  {
    what: 'a jump host that says something and lets in, and a PC that refuses',
    step: 'login',
    exitCode: 15,
    kind: 'keyRefused',
    todo: /^(?!The server says)/,
    open: async (stage) =>
      through(
        stage,
        await mocks(
          stage,
          { loginBanner: 'Your account has expired' },
          { faults: { auth: { refuse: true } } },
        ),
      ),
  },
  {
    what: 'a jump host with old key exchanges only',
    ...way,
    kind: 'noCommonKex',
    says: /^jump 1 of 1 /,
    todo: /ssh_config, for its Host: KexAlgorithms/,
    open: jumpThat({ algorithms: { kex: ['diffie-hellman-group1-sha1'] } }),
  },
  {
    what: 'TLS in the place of a jump host',
    ...way,
    kind: 'tlsServer',
    says: /^a TLS server .* jump 1 of 1 /,
    todo: /port of that jump host \(--jump/,
    open: async (stage) => through(stage, [await stage.port(Buffer.from('15030300020228', 'hex')), 9]),
  },
  {
    what: 'a jump host whose key is not on record, by options alone',
    ...way,
    kind: 'hostKeyUnknownGateway',
    says: /^jump 1 of 1 /,
    todo: /--jump-host-key 127\.0\.0\.1:\d+=SHA256:.*a line of "\[127\.0\.0\.1\]:\d+"/,
    open: jumpOnRecord(() => ''),
  },
  {
    what: 'a jump host whose key has changed',
    ...way,
    kind: 'hostKeyChanged',
    says: /^jump 1 of 1 .*line 1/,
    todo: /^The jump host was reinstalled.*--jump-host-key 127\.0\.0\.1:\d+=SHA256:/,
    open: jumpOnRecord((name) => `${name} ${otherKey}\n`),
  },
  {
    what: 'a jump host with another key than the pinned one',
    ...way,
    kind: 'hostKeyNotPinned',
    says: /^jump 1 of 1 /,
    todo: /^The fingerprint given \(--jump-host-key, /,
    open: async (stage) =>
      (await jumpThat({})(stage)).map((one, index) => (index === 5 ? `SHA256:${'A'.repeat(43)}` : one)),
  },
  {
    what: 'a jump host whose key is revoked',
    ...way,
    kind: 'hostKeyRevoked',
    says: /^jump 1 of 1 /,
    todo: /withdrawn/,
    open: async (stage) => {
      const { publicKey } = (await stage.server()).hostKey;
      return jumpOnRecord((name) => `@revoked ${name} ${publicKey}\n`)(stage);
    },
  },
  {
    what: 'nothing to log in with at a jump host',
    ...way,
    kind: 'nothingToLogInWith',
    says: /^jump 1 of 1 .*at this jump host/,
    todo: /--jump-identity FILE.*--ask-jump-password/,
    open: async (stage) => (await jumpThat({})(stage)).slice(2),
  },
  {
    what: 'a jump host that takes passwords only',
    ...way,
    kind: 'methodNotTaken',
    says: /^jump 1 of 1 .* takes password/,
    todo: /--jump-password-file or --ask-jump-password/,
    open: jumpThat({ users: [{ username: 'rpa', password: 'x' }] }),
  },
  {
    what: 'a jump host that wants a second factor',
    ...way,
    kind: 'secondFactor',
    says: /^jump 1 of 1 .*this jump host wants a second factor: password/,
    todo: /--ask-jump-password/,
    open: async (stage) => {
      const { publicKey } = (await stage.server()).clientKey;
      const user = { username: 'rpa', password: 'x', publicKeys: [publicKey] };
      return jumpThat({ users: [{ ...user, requires: ['publickey', 'password'] }] })(stage);
    },
  },
  {
    what: 'a jump host that refuses the key',
    ...way,
    kind: 'keyRefused',
    says: /^jump 1 of 1 /,
    todo: /account on that jump host.*--jump-identity FILE/,
    open: jumpThat({ users: [{ username: 'other', password: 'x' }], faults: { auth: { refuse: true } } }),
  },
  {
    what: 'a jump host that refuses the password',
    ...way,
    kind: 'passwordRefused',
    says: /^jump 1 of 1 /,
    todo: /account on that jump host/,
    open: async (stage) => {
      const password = await stage.file('password', 'wrong\n');
      const args = await jumpThat({ users: [{ username: 'rpa', password: 'x' }] })(stage);
      return ['--jump-password-file', password, ...args.slice(2)];
    },
  },
  {
    what: 'a jump host that hangs up during the login',
    ...way,
    kind: 'loginCut',
    says: /jump 1 of 1 /,
    todo: /^The jump host hung up/,
    open: jumpThat({ faults: { auth: { disconnect: 'fin' } } }),
  },
  {
    what: 'a jump host that does not know forwarding',
    ...way,
    kind: 'gatewayForbids',
    says: /^the jump host works, but may not forward: jump 1 of 1 /,
    todo: /AllowTcpForwarding/,
    open: jumpThat({ faults: { channel: { refuse: true, reason: 3, text: 'unknown channel type' } } }),
  },
  {
    what: 'a name that the jump host does not know',
    ...way,
    kind: 'gatewayCannotReach',
    says: /^the jump host works, but cannot reach the next host: jump 1 of 1 /,
    todo: /seen from the jump host/,
    open: jumpThat({ faults: { channel: { refuse: true, text: 'Name or service not known' } } }),
  },
  {
    what: 'a firewall behind the jump host that drops packets',
    ...way,
    kind: 'gatewayCannotReach',
    says: /^the jump host works, but cannot reach the next host: jump 1 of 1 .* could not reach .* within 400 ms/,
    todo: /no firewall between them drop the packets/,
    open: jumpThat({ faults: { channel: { hang: true } } }, '--channel-timeout', '400ms'),
  },
  {
    what: 'a jump host that breaks the line while the PC is awaited',
    ...way,
    kind: 'lost',
    says: /jump 1 of 1 /,
    todo: /^The line to the jump host broke/,
    open: async (stage) => {
      const [jump] = await mocks(stage, { faults: { disconnect: { phase: 'ready', afterMs: 500 } } });
      return through(stage, [jump!, await stage.port('', 'wait')]);
    },
  },
  {
    what: 'a second jump host whose sshd is down',
    ...way,
    kind: 'nextJumpRefuses',
    says: /^jump 1 of 2 .* works, but nothing listens at 127\.0\.0\.1:\d+, the next jump host.* \(the gateway, not the PC\)$/,
    todo: /administrator of that next jump host/,
    open: async (stage) => {
      const [first, pc] = await mocks(stage, {}, {});
      return through(stage, [first!, await stage.closedPort(), pc!]);
    },
  },
  {
    what: 'a second jump host that hangs',
    ...way,
    kind: 'muteGateway',
    says: /^jump 2 of 2 .* silence \(the gateway, not the PC\)$/,
    todo: /administrator of the gateway/,
    open: async (stage) => {
      const [first, pc] = await mocks(stage, {}, {});
      return through(stage, [first!, await stage.port('', 'wait'), pc!], '--banner-timeout', '500ms');
    },
  },
  {
    what: 'a second jump host that refuses the key',
    ...way,
    kind: 'keyRefused',
    says: /^jump 2 of 2 .* \(the gateway, not the PC\)$/,
    todo: /account on that jump host/,
    open: async (stage) => through(stage, await mocks(stage, {}, { faults: { auth: { refuse: true } } }, {})),
  },
  {
    what: 'a second jump host that forbids forwarding',
    ...way,
    kind: 'gatewayForbids',
    says: /jump 2 of 2 .* \(the gateway, not the PC\)$/,
    todo: /AllowTcpForwarding/,
    open: async (stage) => through(stage, await mocks(stage, {}, { forwarding: { local: false } }, {})),
  },
  {
    what: 'a tunnel that is down behind two jump hosts',
    ...way,
    kind: 'noTunnelBehindGateway',
    todo: /look at the PC/,
    open: async (stage) => through(stage, [...(await mocks(stage, {}, {})), await stage.closedPort()]),
  },
];
