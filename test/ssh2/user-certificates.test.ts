import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isSignedBy } from '../../src/host-key/keys/signature.ts';
import { WireReader } from '../../src/host-key/keys/wire-reader.ts';
import { resolveAlgorithms } from '../../src/ssh2/handshake/algorithms.ts';
import { loadCredentials } from '../../src/ssh2/login/credentials.ts';
import { PublicKeys } from '../../src/ssh2/login/public-keys.ts';
import { wholeSignature } from '../../src/ssh2/login/signing.ts';
import { StopSwitch } from '../../src/time/stop-switch.ts';
import { type KeyFolder, keyFolder } from '../support/certificates.ts';
import { fakeAgent } from '../support/fake-agent.ts';

let folder: KeyFolder;
let authority: string;
beforeAll(async () => {
  folder = await keyFolder();
  authority = await folder.key('authority');
});
afterAll(() => folder[Symbol.asyncDispose]());

const base = { username: 'rpa' };
const accepted = resolveAlgorithms().publicKey;

describe('a certificate that is named', () => {
  it.each([
    ['is not there', async () => join(folder.path, 'nothing'), /^option certificatePath: there is no file /],
    ['is a plain key', async () => `${authority}.pub`, /a plain public key, which is not a certificate/],
    ['is damaged', async () => damaged(), /or a damaged one, given; what ssh-keygen -s writes/],
    [
      'is a host certificate',
      async () => folder.certify(await folder.key('h'), authority, '-h'),
      /a host certificate given/,
    ],
    [
      'is for another key',
      async () => folder.certify(await folder.key('o'), authority),
      /a certificate for the key SHA256:\S+ given, but the private key is SHA256:/,
    ],
  ])('and %s leads to a TypeError', async (_what, path, message) => {
    const certificatePath = await path();
    const error = await loadCredentials({ ...base, privateKeyPath: authority, certificatePath }).catch(
      (e) => e,
    );
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(message);
  });

  async function damaged(): Promise<string> {
    const text = await folder.read(await folder.certify(await folder.key('d'), authority));
    const path = join(folder.path, 'damaged');
    await writeFile(path, text.replace(/AAAA(.{200})./, 'AAAA$1#'));
    return path;
  }

  it('may belong to a key of the agent, and one of several to none', async () => {
    const [one, two] = await Promise.all([folder.key('one'), folder.key('two')]);
    const paths = await Promise.all([folder.certify(one, authority), folder.certify(two, authority)]);
    const options = { ...base, certificatePath: paths };
    expect((await loadCredentials({ ...options, agent: '/agent' })).certificates).toHaveLength(2);
    const own = await loadCredentials({ ...options, privateKeyPath: two });
    expect(own.certificates).toHaveLength(1);
    expect(own.notes).toEqual([
      expect.stringMatching(
        /^The certificate in certificatePath \(.*one-cert.pub\) was not used: it is for the key SHA256:/,
      ),
    ]);
    await expect(loadCredentials(options)).rejects.toThrow(/but no private key is given/);
  });
});

describe('a certificate file beside a key', () => {
  it('that cannot be read is told, if the login fails', async () => {
    const key = await folder.key('unread');
    await mkdir(`${key}-cert.pub`);
    const { certificates, notes } = await loadCredentials({ ...base, privateKeyPath: key });
    expect([certificates, notes]).toEqual([
      [],
      [`The certificate in ${key}-cert.pub was not used: it cannot be read (EISDIR).`],
    ]);
  });

  it('is ignored if it is not a user certificate of this key', async () => {
    const key = await folder.key('beside');
    const certificates = async () => (await loadCredentials({ ...base, privateKeyPath: key })).certificates;
    expect(await certificates()).toEqual([]);
    await folder.certify(key, authority, '-h');
    expect(await certificates()).toEqual([]);
    await writeFile(
      `${key}-cert.pub`,
      await folder.read(await folder.certify(await folder.key('x'), authority)),
    );
    expect(await certificates()).toEqual([]);
    await folder.certify(key, authority);
    expect(await certificates()).toHaveLength(1);
  });
});

describe('what is tried', () => {
  async function tries(kind: string[], taken?: string[]): Promise<string[]> {
    const key = await folder.key(`t${Math.random()}`, ...kind);
    await folder.certify(key, authority);
    const credentials = await loadCredentials({ ...base, privateKeyPath: key });
    const use = { accepted, note: () => {}, explain: () => {}, broken: () => {} };
    const keys = new PublicKeys(credentials, new StopSwitch(), use);
    if (taken) keys.serverTakes(taken);
    return [...keys.certificates(), ...keys.own(), ...keys.otherWays()].map(
      ({ make }) => (make() as unknown as { key: { type: string } }).key.type,
    );
  }

  it.each([
    [undefined, ['rsa-sha2-512', 'rsa-sha2-256']],
    [['ssh-rsa', 'rsa-sha2-256'], ['rsa-sha2-256']],
    [['rsa-sha2-512'], ['rsa-sha2-512']],
    [['ssh-rsa'], []],
  ])('with RSA on a server that accepts %j', async (taken, algorithms) => {
    // Each once before any a second time: a server counts what it is shown.
    const inTurn = algorithms.flatMap((name) => [`${name}-cert-v01@openssh.com`, name]);
    expect(await tries(['-t', 'rsa', '-b', '2048'], taken)).toEqual(inTurn);
  });

  it('with Ed25519 is the certificate first', async () => {
    expect(await tries(['-t', 'ed25519'])).toEqual(['ssh-ed25519-cert-v01@openssh.com', 'ssh-ed25519']);
  });
});

it('tells of a certificate whose key the agent does not hold', async () => {
  await using agent = await fakeAgent();
  const certificatePath = await folder.certify(await folder.key('elsewhere'), authority);
  const credentials = await loadCredentials({ ...base, agent: agent.path, certificatePath });
  const told: string[] = [];
  const explain = (sentence: string) => void told.push(sentence);
  const use = { accepted, note: () => {}, explain, broken: () => {} };
  for await (const _ of new PublicKeys(credentials, new StopSwitch(), use).ofAgent(agent.path));
  expect(told).toEqual([
    expect.stringMatching(/^The certificate "\S+" was not offered: the agent does not hold its key SHA256:/),
  ]);
});

describe('a whole signature', () => {
  it.each([
    ['ed25519', 'ssh-ed25519'],
    ['ecdsa -b 256', 'ecdsa-sha2-nistp256'],
    ['ecdsa -b 384', 'ecdsa-sha2-nistp384'],
    ['ecdsa -b 521', 'ecdsa-sha2-nistp521'],
    ['rsa -b 2048', 'rsa-sha2-256'],
    ['rsa -b 2048', 'rsa-sha2-512'],
  ])('of a key of type %s by %s is correct, whatever its numbers', async (kind, algorithm) => {
    const path = await folder.key(`w${Math.random()}`, '-t', ...kind.split(' '));
    const { keys } = await loadCredentials({ ...base, privateKeyPath: path });
    const key = keys[0]!;
    for (let i = 0; i < 40; i += 1) {
      const data = Buffer.from([i]);
      const signature = wholeSignature(key, algorithm, data);
      expect(new WireReader(signature).text()).toBe(algorithm);
      expect(isSignedBy(key.getPublicSSH(), signature, data)).toBe(true);
      expect(isSignedBy(key.getPublicSSH(), signature, Buffer.from('x'))).toBe(false);
    }
  });
});
