import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { isSshError } from '../../src/errors/index.ts';
import type { ConnectOptions, HostKeyOption } from '../../src/options/types.ts';
import { jumpHost } from '../../src/route/jump-host.ts';
import { type FakeAgent, fakeAgent } from './fake-agent.ts';
import { nodeKey } from './private-keys.ts';
import {
  friendlyAnswer,
  newHostKey,
  type Position,
  payload,
  publicLine,
  type RawServer,
  startRawServer,
} from './raw-server.ts';

/** What a server may not send before its key is accepted, and EXT_INFO, which it may. */
export const messages = {
  SERVICE_ACCEPT: payload(6, 'ssh-userauth'),
  USERAUTH_FAILURE: payload(51, 'password,publickey,keyboard-interactive', false),
  USERAUTH_SUCCESS: payload(52),
  BANNER: payload(53, 'call me', ''),
  INFO_REQUEST: payload(60, 'name', 'instruction', '', 1, 'Password: ', false),
  EXT_INFO: payload(7, 1, 'server-sig-algs', 'ssh-ed25519,rsa-sha2-256'),
  GLOBAL_REQUEST: payload(80, 'hostkeys-00@openssh.com', true),
  CHANNEL_OPEN: payload(90, 'session', 0, 1_000, 1_000),
} as const;

export const positions: readonly Position[] = ['before', 'glued', 'split', 'between'];
export const credentials = ['password', 'private key', 'agent', 'keyboard-interactive'] as const;
export const policies = [
  'known_hosts',
  'accept-new',
  'fingerprint',
  'key',
  'verify refuses at once',
  'verify refuses late',
  'verify accepts at once',
  'verify accepts late',
] as const;
export const routes = ['direct', 'behind a jump host', 'as the jump host'] as const;

export interface WireCase {
  message: keyof typeof messages;
  position: Position;
  credential: (typeof credentials)[number];
  policy: (typeof policies)[number];
  route: (typeof routes)[number];
  strict: boolean;
}

/** Whether the server may go on: it has the right key, as far as this policy is concerned. */
export const accepts = ({ policy }: WireCase): boolean => policy.startsWith('verify accepts');

/** All combinations, strict key exchange every other time. */
export function wireCases(): WireCase[] {
  const cases: Array<Omit<WireCase, 'strict'>> = [];
  for (const route of routes)
    for (const policy of policies)
      for (const credential of credentials)
        for (const message of Object.keys(messages) as Array<keyof typeof messages>)
          for (const position of positions) cases.push({ message, position, credential, policy, route });
  return cases.map((one, index) => ({ ...one, strict: (index + (index >> 2)) % 2 === 0 }));
}

/** What a case came to. */
export interface Finding {
  /** Messages of type 50 and above, and requests for a service, that left in plain text or for the wrong server. */
  leaked: number;
  /** How often a function of the user was called that asks or shows. */
  asked: number;
  code: string;
}

/** A server that is out of turn, with each kind of client, and what it got to see. */
export class WireWorld implements AsyncDisposable {
  readonly #right = newHostKey();
  readonly #wrong = newHostKey();
  readonly #folder: string;
  readonly #agent: FakeAgent;
  readonly #login: { host: string; port: number; username: string; privateKey: string };

  private constructor(folder: string, agent: FakeAgent, gateway: WireWorld['gateway']) {
    this.#folder = folder;
    this.#agent = agent;
    const { host, port, clientKey } = gateway;
    this.#login = { host, port, username: 'rpa', privateKey: clientKey.privateKey };
    this.gateway = gateway;
  }

  readonly gateway: { host: string; port: number; clientKey: { privateKey: string } };

  static async start(gateway: WireWorld['gateway']): Promise<WireWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'wire-'));
    return new WireWorld(folder, await fakeAgent({ keys: [privateKey] }), gateway);
  }

  async run(one: WireCase): Promise<Finding> {
    const script = { message: messages[one.message], position: one.position, answer: friendlyAnswer };
    using server = await startRawServer({ key: this.#wrong, strict: one.strict, script });
    const finding: Finding = { leaked: 0, asked: 0, code: '' };
    const options = await this.#options(one, server, () => finding.asked++);
    finding.code = await codeOf(options);
    // What was under way to the server when we gave up.
    await sleep(1);
    finding.leaked = leaked(server, accepts(one));
    return finding;
  }

  async #options(one: WireCase, { port }: RawServer, onAsked: () => void): Promise<ConnectOptions> {
    const target: ConnectOptions = {
      host: '127.0.0.1',
      port,
      username: 'rpa',
      retry: false,
      hostKey: await this.#policy(one.policy, port),
      onLoginBanner: onAsked,
      ...this.#credential(one.credential, onAsked),
    };
    if (one.route === 'direct') return target;
    if (one.route === 'as the jump host') {
      const { onLoginBanner: _, retry: __, ...hop } = target;
      return { ...this.#login, hostKey: 'insecure-accept-any', retry: false, via: jumpHost(hop) };
    }
    return { ...target, via: jumpHost({ ...this.#login, hostKey: 'insecure-accept-any' }) };
  }

  #credential(kind: WireCase['credential'], onAsked: () => void): Partial<ConnectOptions> {
    if (kind === 'password') return { password: secret };
    if (kind === 'private key') return { privateKey };
    if (kind === 'agent') return { agent: this.#agent.path };
    return {
      keyboardInteractive: (prompts) => {
        onAsked();
        return prompts.map(() => secret);
      },
    };
  }

  async #policy(policy: WireCase['policy'], port: number): Promise<HostKeyOption> {
    if (policy === 'fingerprint') return { fingerprint: `SHA256:${'A'.repeat(43)}` };
    if (policy === 'key') return { key: publicLine(this.#right) };
    const judged = /^verify (accepts|refuses) (late|at once)$/.exec(policy);
    const verdict = judged?.[1] === 'accepts';
    if (judged) return { verify: () => (judged[2] === 'late' ? sleep(15, verdict) : verdict) };
    const knownHosts = join(this.#folder, `known_hosts-${port}`);
    await writeFile(knownHosts, `[127.0.0.1]:${port} ${publicLine(this.#right)}\n`);
    return { knownHosts, onUnknown: policy === 'accept-new' ? 'accept-new' : 'reject' };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

const secret = 'S3CRET-on-the-wire';
const privateKey = nodeKey('rsa').privateKey.export({ type: 'pkcs1', format: 'pem' }) as string;

/** The request for the service tells nothing secret, and yet has no business there. */
function leaked(server: RawServer, isAccepted: boolean): number {
  const [connection] = server.connections;
  if (!connection) return Number.NaN;
  const early = connection.received.filter(({ encrypted }) => !(encrypted && isAccepted));
  const messages = early.filter(({ type }) => type === 5 || type >= 50).length;
  return messages + (/ssh-connection|S3CRET/.test(connection.plain) ? 1 : 0);
}

/** Runs cases, eight at a time. */
export async function runCases(world: WireWorld, cases: readonly WireCase[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  const queue = cases.entries();
  const work = async () => {
    for (const [index, one] of queue) findings[index] = await world.run(one);
  };
  await Promise.all(Array.from({ length: 8 }, work));
  return findings;
}

async function codeOf(options: ConnectOptions): Promise<string> {
  try {
    await (await connectViaGateway(options)).close();
    return 'connected';
  } catch (error) {
    return isSshError(error) ? error.code : `not typed: ${error}`;
  }
}
