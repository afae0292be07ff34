import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { fromSshConfig } from '../../src/interop/from-ssh-config.ts';
import type { ConnectOptions } from '../../src/options/types.ts';
import { jumpHost } from '../../src/route/jump-host.ts';
import { type KeyFolder, keyFolder } from '../support/certificates.ts';
import { fakeAgent } from '../support/fake-agent.ts';
import { failureOf } from '../support/outcome.ts';
import { securityKey } from '../support/security-key.ts';
import { type Sshd, startSshd } from '../support/sshd.ts';

const run = promisify(execFile);

let folder: KeyFolder;
let sshd: Sshd;
let authority: string;
const fido = [securityKey('ed25519'), securityKey('ecdsa')];

beforeAll(async () => {
  folder = await keyFolder();
  authority = await folder.key('authority');
  const authorities = await Promise.all(
    ['rsa -b 2048', 'ecdsa -b 256', 'ecdsa -b 521'].map((kind, i) =>
      folder.key(`authority${i}`, '-t', ...kind.split(' ')),
    ),
  );
  const lines = await Promise.all([authority, ...authorities].map((path) => folder.read(`${path}.pub`)));
  await writeFile(join(folder.path, 'authorities'), lines.join(''));
  await writeFile(join(folder.path, 'keys'), fido.map(({ line }) => `${line}\n`).join(''));
  sshd = await startSshd({
    user: 'root',
    config: [
      `TrustedUserCAKeys ${join(folder.path, 'authorities')}`,
      `AuthorizedKeysFile ${join(folder.path, 'keys')}`,
    ],
  });
});

afterAll(async () => {
  await sshd?.close();
  await folder?.[Symbol.asyncDispose]();
});

const target = (): ConnectOptions => ({
  host: sshd.host,
  port: sshd.port,
  username: 'root',
  hostKey: { key: sshd.hostPublicKey },
  retry: false,
});

async function logsIn(options: Partial<ConnectOptions>): Promise<void> {
  await using connection = await connectViaGateway({ ...target(), ...options });
  expect((await connection.exec('echo in')).stdout).toBe('in\n');
}

const valid = ['-n', 'root', '-V', '+1h'];

describe('a user certificate', () => {
  it.each(['ed25519', 'ecdsa -b 256', 'ecdsa -b 384', 'ecdsa -b 521', 'rsa -b 2048'])(
    'logs in with a key of kind %s: beside the key, by its path, by its text',
    async (kind) => {
      const key = await folder.key(`user-${kind.replaceAll(' ', '')}`, '-t', ...kind.split(' '));
      const certificatePath = await folder.certify(key, authority, ...valid);
      await logsIn({ privateKeyPath: key });
      const moved = await folder.copy(key, `moved-${kind.replaceAll(' ', '')}`);
      await logsIn({ privateKeyPath: moved, certificatePath });
      const certificate = await readFile(certificatePath);
      await logsIn({ privateKey: await readFile(moved), certificate });
      await logsIn({ privateKey: await readFile(moved), certificate: certificate.toString() });
      const { error } = await failureOf(logsIn({ privateKeyPath: moved }));
      expect(error).toMatchObject({ code: 'SSH_AUTHENTICATION_FAILED' });
    },
  );

  it.each([0, 1, 2])('logs in whatever kind of authority signed it (%i)', async (i) => {
    const key = await folder.key(`by${i}`);
    await folder.certify(key, join(folder.path, `authority${i}`), ...valid);
    await logsIn({ privateKeyPath: key });
  });

  it('logs in at a server that takes no RSA signature but rsa-sha2-256', async () => {
    const only = 'rsa-sha2-256-cert-v01@openssh.com,rsa-sha2-256';
    await using strict = await startSshd({
      user: 'root',
      config: [`TrustedUserCAKeys ${authority}.pub`, `PubkeyAcceptedAlgorithms ${only}`],
    });
    const key = await folder.key('sha256', '-t', 'rsa', '-b', '2048');
    await folder.certify(key, authority, ...valid);
    const { port, hostPublicKey } = strict;
    await logsIn({ privateKeyPath: key, port, hostKey: { key: hostPublicKey } });
  });

  it.each(['beside', 'in the agent'])(
    'that an old authority signed with SHA-1 logs in where the server takes that (%s)',
    async (where) => {
      const old = join(folder.path, 'authority0');
      await using lenient = await startSshd({
        user: 'root',
        config: [`TrustedUserCAKeys ${old}.pub`, 'CASignatureAlgorithms +ssh-rsa'],
      });
      const key = await folder.key(`sha1-${where.replaceAll(' ', '-')}`);
      await folder.certify(key, old, ...valid, '-t', 'ssh-rsa');
      await using agent = await realAgent();
      await agent.add(key);
      const { port, hostPublicKey } = lenient;
      const credentials = where === 'beside' ? { privateKeyPath: key } : { agent: agent.path };
      await logsIn({ ...credentials, port, hostKey: { key: hostPublicKey } });
      const { error } = await failureOf(logsIn(credentials));
      expect(error.hint).toMatch(
        /Its authority signed it with SHA-1, which OpenSSH has not accepted since 8\.2/,
      );
    },
  );

  it('logs in from a real agent, and with a key that only the agent has', async () => {
    await using agent = await realAgent();
    const key = await folder.key('in-agent');
    await agent.add(key);
    const { error } = await failureOf(logsIn({ agent: agent.path }));
    expect(error).toMatchObject({ code: 'SSH_AUTHENTICATION_FAILED' });
    const certificatePath = await folder.certify(key, authority, ...valid);
    await logsIn({ agent: agent.path, certificatePath });
    await agent.add(key);
    await logsIn({ agent: agent.path });
  });

  it('logs in by ssh_config: CertificateFile, and the third IdentityFile', async () => {
    const keys = await Promise.all(['one', 'two', 'three'].map((name) => folder.key(name)));
    const certificate = await folder.certify(keys[2]!, authority, ...valid);
    const moved = join(folder.path, 'elsewhere.pub');
    await run('mv', [certificate, moved]);
    const lines = keys.map((key) => `  IdentityFile ${key}`);
    const config = join(folder.path, 'config');
    await writeFile(
      config,
      `Host pc\n${lines.join('\n')}\n  IdentityAgent none\n  CertificateFile ${moved}\n`,
    );
    const { privateKeyPath, certificatePath } = await fromSshConfig('pc', { file: config });
    expect(privateKeyPath).toEqual(keys);
    await logsIn({ privateKeyPath: privateKeyPath!, certificatePath: certificatePath! });
  });

  it('logs in at a jump host', async () => {
    const key = await folder.key('jump');
    await folder.certify(key, authority, ...valid);
    const { retry, ...hop } = target();
    await logsIn({ privateKeyPath: key, via: jumpHost({ ...hop, privateKeyPath: key }) });
  });

  it.each([
    ['expired', ['-n', 'root', '-V', '20200101:20200102'], /it expired at 2020-01-0/],
    ['not valid yet', ['-n', 'root', '-V', '+1d:+2d'], /it is not valid before 20/],
    ['for another user', ['-n', 'kim,lee', '-V', '+1h'], /it is for kim, lee, not for root/],
    ['for nobody', ['-V', '+1h'], /it is for no name at all, not for root/],
  ])('that is %s is sent all the same, and the error says so', async (what, options, says) => {
    const key = await folder.key(`bad-${what.replaceAll(' ', '-')}`);
    await folder.certify(key, authority, ...options);
    const { error } = await failureOf(logsIn({ privateKeyPath: key }));
    expect(error).toMatchObject({ code: 'SSH_AUTHENTICATION_FAILED' });
    expect(error.hint).toMatch(says);
    expect(error['methodsTried']).toEqual([
      expect.stringMatching(
        /^publickey \(ssh-ed25519-cert-v01@openssh\.com SHA256:\S+, certificate "me": it /,
      ),
      expect.stringMatching(/^publickey \(ssh-ed25519 SHA256:/),
    ]);
  });

  it('that algorithms leave out is told, with the key that was tried in its place', async () => {
    const key = await folder.key('left-out');
    await folder.certify(key, authority, ...valid);
    const { error } = await failureOf(
      logsIn({ privateKeyPath: key, algorithms: { publicKey: { remove: '*-cert-*' } } }),
    );
    expect(error['methodsTried']).toEqual([expect.stringMatching(/^publickey \(ssh-ed25519 SHA256:/)]);
    expect(error.hint).toBe(
      'The certificate "me" was not offered: the option algorithms.publicKey leaves out certificates of ssh-ed25519 keys.',
    );
  });

  it('of an authority that the server does not know names it in the hint', async () => {
    const stranger = await folder.key('stranger');
    const key = await folder.key('strangers');
    await folder.certify(key, stranger, ...valid);
    const { error } = await failureOf(logsIn({ privateKeyPath: key }));
    const { stdout } = await run('ssh-keygen', ['-l', '-f', `${stranger}.pub`]);
    expect(error.hint).toContain(stdout.split(' ')[1]);
    expect(error.hint).toMatch(/TrustedUserCAKeys/);
  });
});

describe('a security key in an agent', () => {
  it.each(fido)('logs in ($line)', async (key) => {
    const strange = securityKey('ed25519');
    await using agent = await fakeAgent({ others: [strange, key] });
    await logsIn({ agent: agent.path });
    expect(agent.asked.sign).toBe(1);
  });

  it('that nobody knows is told by its kind', async () => {
    await using agent = await fakeAgent({ others: [securityKey('ecdsa')] });
    const { error } = await failureOf(logsIn({ agent: agent.path }));
    expect(error['methodsTried']).toEqual([
      expect.stringMatching(/^publickey \(agent: sk-ecdsa-sha2-nistp256@openssh\.com SHA256:/),
    ]);
  });
});

/** OpenSSH's own agent. */
async function realAgent() {
  const path = join(folder.path, `agent-${process.pid}`);
  const { stdout } = await run('ssh-agent', ['-s', '-a', path]);
  const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(stdout)?.[1]);
  return {
    path,
    add: (key: string) => run('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: path } }),
    [Symbol.asyncDispose]: async () => void process.kill(pid),
  };
}
