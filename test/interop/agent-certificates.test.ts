import { sign } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { wireString } from '../../src/host-key/keys/wire-string.ts';
import type { ConnectOptions } from '../../src/options/types.ts';
import { type KeyFolder, keyFolder } from '../support/certificates.ts';
import { type AgentKey, type FakeAgentOptions, fakeAgent } from '../support/fake-agent.ts';
import { failureOf } from '../support/outcome.ts';
import { type Sshd, startSshd } from '../support/sshd.ts';

/*
 * Agents that hold certificates and go wrong: they die, are late, lie, or hold far too many.
 */
let folder: KeyFolder;
let sshd: Sshd;
const held: Record<string, AgentKey> = {};
const names = ['right', 'other', 'expired', 'host', 'foreign', 'named', 'plain'];

beforeAll(async () => {
  folder = await keyFolder();
  const [authority, foreign] = [await folder.key('authority'), await folder.key('strange')];
  const paths = await Promise.all(names.map((name) => folder.key(name)));
  const at = (name: string) => paths[names.indexOf(name)]!;
  const valid = ['-n', 'root', '-V', '+1h'];
  await folder.certify(at('right'), authority, ...valid);
  await folder.certify(at('other'), authority, ...valid);
  await folder.certify(at('expired'), authority, '-n', 'root', '-V', '20200101:20200102');
  await folder.certify(at('host'), authority, '-h', ...valid);
  await folder.certify(at('foreign'), foreign, ...valid);
  await folder.certify(at('named'), authority, '-n', 'somebody', '-V', '+1h');
  for (const name of names) {
    held[name] = await agentKey(at(name), name === 'plain' ? '.pub' : '-cert.pub');
    held[`${name}-key`] = await agentKey(at(name), '.pub');
  }
  await writeFile(join(folder.path, 'keys'), await folder.read(`${at('plain')}.pub`));
  sshd = await startSshd({
    user: 'root',
    config: [
      `TrustedUserCAKeys ${authority}.pub`,
      `AuthorizedKeysFile ${join(folder.path, 'keys')}`,
      'LoginGraceTime 20',
    ],
  });
});
afterAll(async () => {
  await sshd?.close();
  await folder?.[Symbol.asyncDispose]();
});

async function agentKey(path: string, suffix: string): Promise<AgentKey> {
  const blob = Buffer.from((await folder.read(`${path}${suffix}`)).split(' ')[1]!, 'base64');
  const key = ssh2.utils.parseKey(await readFile(path));
  if (key instanceof Error) throw key;
  const pem = (Array.isArray(key) ? key[0]! : key).getPrivatePEM();
  return {
    blob,
    sign: (data) =>
      Buffer.concat([wireString(Buffer.from('ssh-ed25519')), wireString(sign(null, data, pem))]),
  };
}

const target = (): ConnectOptions => ({
  ...{ host: sshd.host, port: sshd.port, username: 'root' },
  ...{ hostKey: { key: sshd.hostPublicKey }, retry: false },
});

const text = (value: string | Buffer) => wireString(Buffer.from(value as string));
const list = (blobs: readonly Buffer[], count = blobs.length, comment = 'c') =>
  Buffer.concat([
    Buffer.from([12, 0, 0, count >> 8, count & 255]),
    ...blobs.flatMap((blob) => [text(blob), text(comment)]),
  ]);
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Case {
  /** What it holds, in this order. */
  holds: readonly string[];
  agent?: Omit<FakeAgentOptions, 'others'>;
  more?: () => Partial<ConnectOptions>;
  /** Undefined: it logs in. */
  code?: string;
  /** What the hint says. */
  hint?: RegExp;
  /** What was tried. */
  tried?: RegExp;
}

const cut = (name: string) => ({ ...held[name]!, blob: held[name]!.blob.subarray(0, 120) });

const cases: Record<string, Case> = {
  'the certificate and its key': { holds: ['right', 'right-key'] },
  'the key before its certificate': { holds: ['right-key', 'right'] },
  'the certificate alone': { holds: ['right'] },
  'it twice': { holds: ['right', 'right'] },
  'an expired one before': { holds: ['expired', 'right'] },
  'one of a host before': { holds: ['host', 'right'] },
  'one of a strange authority before': { holds: ['foreign', 'right'] },
  'one for another name before': { holds: ['named', 'right'] },
  'four that do not fit before': { holds: ['expired', 'host', 'foreign', 'named', 'right'] },
  'five that do not fit, and a key': { holds: ['expired', 'host', 'foreign', 'named', 'other-key', 'plain'] },
  'more that do not fit than the server looks at': {
    holds: ['expired', 'host', 'foreign', 'named', 'other-key', 'expired-key', 'right'],
    ...{ code: 'SSH_AUTHENTICATION_FAILED', hint: /MaxAuthTries/ },
  },
  'more than the server looks at, and agentKeys': {
    holds: ['expired', 'host', 'foreign', 'named', 'other-key', 'expired-key', 'right'],
    more: () => ({ agentKeys: `ssh-ed25519 ${held['right-key']!.blob.toString('base64')}` }),
  },
  'an expired one alone': {
    holds: ['expired'],
    ...{ code: 'SSH_AUTHENTICATION_FAILED', tried: /expired|valid/, hint: /./ },
  },
  'one that does not sign, and another': {
    holds: ['right', 'other'],
    agent: { signs: once(() => Buffer.from([5])) },
  },
  'dies when it is to sign, and comes back': {
    holds: ['right', 'other'],
    agent: { signs: once(() => 'end') },
  },
  'dies when it is to sign': {
    holds: ['right', 'other'],
    agent: { signs: () => 'end' },
    ...{ code: 'SSH_AUTHENTICATION_FAILED', hint: /the agent did not sign with it: it ended the connection/ },
  },
  'does not sign, and there is a key of a file': {
    holds: ['right'],
    agent: { fault: 'fail' },
    more: () => ({ privateKeyPath: join(folder.path, 'plain'), agentFirst: true }),
  },
  'signs something else': {
    holds: ['right'],
    agent: { signs: (honest) => Buffer.concat([honest.subarray(0, -1), Buffer.from([honest.at(-1)! ^ 1])]) },
    ...{ code: 'SSH_AUTHENTICATION_FAILED', hint: /does not fit the key .*: the fault is the agent's/ },
  },
  'signs with the name of the certificate': {
    holds: ['right'],
    agent: {
      signs: (honest) => {
        const bytes = honest.subarray(1 + 4 + 4 + 'ssh-ed25519'.length);
        const body = Buffer.concat([text('ssh-ed25519-cert-v01@openssh.com'), bytes]);
        return Buffer.concat([Buffer.from([14]), text(body)]);
      },
    },
    ...{ code: 'SSH_AUTHENTICATION_FAILED', hint: /it signs with ssh-ed25519-cert-v01@openssh.com instead/ },
  },
  'signs nothing': {
    holds: ['right'],
    agent: { signs: () => Buffer.concat([Buffer.from([14]), text('')]) },
    ...{ code: 'SSH_AUTHENTICATION_FAILED', hint: /the agent did not sign with it/ },
  },
  'a certificate that is cut off, before': {
    holds: ['right'],
    agent: { lists: (honest) => list([cut('other').blob, ...blobsOf(honest)]) },
  },
  'a certificate whose key is of no kind, before': {
    holds: ['right'],
    agent: {
      lists: (honest) => list([text('ssh-new-cert-v01@openssh.com'), Buffer.alloc(0), ...blobsOf(honest)]),
    },
  },
  'names more than it sends': {
    holds: ['right'],
    agent: { lists: (honest) => list(blobsOf(honest), 7) },
    ...{ code: 'SSH_AUTHENTICATION_FAILED', tried: /gave no keys: ends too early/ },
  },
  'sends more than it names': {
    holds: ['right'],
    agent: { lists: (honest) => Buffer.concat([honest, Buffer.alloc(1_000, 7)]) },
  },
  'names as many keys as ssh allows': {
    holds: ['right'],
    agent: { lists: (honest) => list([...blobsOf(honest), ...Array<Buffer>(2_047).fill(text('x'))]) },
  },
  'names one more': {
    holds: ['right'],
    agent: { lists: (honest) => list([...blobsOf(honest), ...Array<Buffer>(2_048).fill(text('x'))]) },
    ...{ code: 'SSH_AUTHENTICATION_FAILED', tried: /names 2049 keys/ },
  },
  'names none': {
    holds: [],
    ...{ code: 'SSH_AUTHENTICATION_FAILED', tried: /holds no keys/ },
  },
  'comments of 200 kB': {
    holds: ['right'],
    agent: { lists: (honest) => list(blobsOf(honest), 1, 'x'.repeat(200_000)) },
  },
  'comments of 300 kB': {
    holds: ['right'],
    agent: { lists: (honest) => list(blobsOf(honest), 1, 'x'.repeat(300_000)) },
    ...{ code: 'SSH_AUTHENTICATION_FAILED', tried: /sends what is no answer/ },
  },
  'is not there, and the certificate is a file': {
    holds: [],
    more: () => ({
      agent: join(folder.path, 'nothing'),
      certificatePath: join(folder.path, 'right-cert.pub'),
    }),
    ...{ code: 'SSH_AUTHENTICATION_FAILED', tried: /not reachable: its socket does not exist/ },
  },
  'has the key, and the certificate is a file': {
    holds: ['right-key'],
    more: () => ({ certificatePath: join(folder.path, 'right-cert.pub') }),
  },
  'has the key and dies, and the certificate is a file': {
    holds: ['right-key'],
    agent: { signs: () => 'end' },
    more: () => ({ certificatePath: join(folder.path, 'right-cert.pub') }),
    ...{ code: 'SSH_AUTHENTICATION_FAILED', hint: /the agent did not sign with it/ },
  },
};

function once(answer: () => Buffer | 'end') {
  let asked = 0;
  return (honest: Buffer) => (asked++ === 0 ? answer() : honest);
}

function blobsOf(answer: Buffer): Buffer[] {
  const blobs: Buffer[] = [];
  for (let at = 5; at < answer.length; ) {
    const end = at + 4 + answer.readUInt32BE(at);
    blobs.push(answer.subarray(at + 4, end));
    at = end + 4 + answer.readUInt32BE(end);
  }
  return blobs;
}

describe('an agent with certificates', () => {
  it.concurrent.each(Object.entries(cases))('%s', async (_what, one) => {
    const { holds, agent: faults, more, code, hint, tried } = one;
    await using agent = await fakeAgent({ ...faults, others: holds.map((name) => held[name]!) });
    const login = connectViaGateway({ ...target(), agent: agent.path, ...more?.() });
    if (code === undefined) {
      await using connection = await login;
      expect((await connection.exec('echo in')).stdout).toBe('in\n');
    } else {
      const { error } = await failureOf(login);
      expect(error.code).toBe(code);
      if (hint) expect(error.hint).toMatch(hint);
      if (tried) expect(String(error['methodsTried'])).toMatch(tried);
      expect(error.message + error.hint).not.toContain('x'.repeat(300));
    }
    await vi.waitFor(() => expect(agent.connections).toBe(0), 5_000);
  });
});

describe('an agent that is late', () => {
  it.each([
    ['with its list', 'lists'],
    ['with its signature', 'signs'],
  ] as const)('%s is waited for', async (_what, step) => {
    await using agent = await lateAgent(step, 1_500);
    await using connection = await connectViaGateway({ ...target(), agent: agent.path });
    expect((await connection.exec('echo in')).stdout).toBe('in\n');
  });

  it.each(['lists', 'signs'] as const)(
    '%s later than the limit of the login: nothing stays',
    async (step) => {
      await using agent = await lateAgent(step, 1_500);
      const { error } = await failureOf(
        connectViaGateway({ ...target(), agent: agent.path, timeouts: { auth: 500 } }),
      );
      expect(error).toMatchObject({ code: 'SSH_AUTH_TIMEOUT' });
      expect(error.message).toContain('the agent has not answered');
      await vi.waitFor(() => expect(agent.connections).toBe(0));
      await later(1_300);
    },
  );
});

function lateAgent(step: 'lists' | 'signs', ms: number) {
  return fakeAgent({ others: [held['right']!], late: { step, ms } });
}
