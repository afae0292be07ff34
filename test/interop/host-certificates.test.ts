import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { hostKeyPolicy } from '../../src/host-key/policy/policy.ts';
import type { ConnectOptions, HostKeyOption } from '../../src/options/types.ts';
import { StopSwitch } from '../../src/time/stop-switch.ts';
import { type KeyFolder, keyFolder } from '../support/certificates.ts';
import { failureOf } from '../support/outcome.ts';
import { type Sshd, startSshd } from '../support/sshd.ts';

const host = 'pc.example.com';
const port = 9012;
const name = `[${host}]:${port}`;

let folder: KeyFolder;
let authority: string;
/** Public key lines. */
const lines: Record<string, string> = {};

beforeAll(async () => {
  folder = await keyFolder();
  authority = await folder.key('authority');
  await folder.key('stranger');
  await folder.key('other');
  for (const key of ['authority', 'stranger', 'other']) lines[key] = await publicLine(join(folder.path, key));
  await mkdir('/run/sshd', { recursive: true });
});
afterAll(() => folder?.[Symbol.asyncDispose]());

async function publicLine(path: string): Promise<string> {
  return (await folder.read(`${path}.pub`)).split(' ').slice(0, 2).join(' ');
}

const within = ['-V', '-1h:+1h'];
/** What is certified, as options of `ssh-keygen`. */
const certificates: Record<string, readonly string[]> = {
  right: ['-h', '-n', host, ...within],
  'for any host': ['-h', ...within],
  'one of many names': ['-h', '-n', `a,b,${host}`, ...within],
  expired: ['-h', '-n', host, '-V', '20200101:20200102'],
  'not valid yet': ['-h', '-n', host, '-V', '+1d:+2d'],
  'for another host': ['-h', '-n', 'other.example.com', ...within],
  'for a pattern': ['-h', '-n', '*.example.com', ...within],
  'for the name with the port': ['-h', '-n', name, ...within],
  'for the name in capitals': ['-h', '-n', host.toUpperCase(), ...within],
  'of a user': ['-n', host, ...within],
  'with a critical option': ['-h', '-n', host, '-O', 'critical:x=y', ...within],
  'with an extension': ['-h', '-n', host, '-O', 'extension:x=y', ...within],
};

/** What known_hosts says; K is the certified key, A its authority. */
const records: Record<string, string> = {
  nothing: '',
  'the authority': `@cert-authority ${name} A`,
  'the authority by a pattern': '@cert-authority [*.example.com]:* A',
  'the authority without the port': '@cert-authority *.example.com A',
  'the authority of other hosts': '@cert-authority *.example.org A',
  'the authority but for this host': `@cert-authority *,!${name},!${host} A`,
  'another authority': `@cert-authority ${name} S`,
  'the authority, revoked': `@cert-authority ${name} A\n@revoked * A`,
  'the authority, and the key revoked': `@cert-authority ${name} A\n@revoked * K`,
  'the authority, revoked for others': `@cert-authority ${name} A\n@revoked *.org A`,
  'the plain key': `${name} K`,
  'the authority and the plain key': `@cert-authority ${name} A\n${name} K`,
  'the authority and another key': `@cert-authority ${name} A\n${name} O`,
  'the authority as a plain key': `${name} A`,
};

interface Row {
  certificate: string;
  record: string;
  alias?: string;
}

const everyRecord = ['right', 'expired'];
const rows: Row[] = [
  ...everyRecord.flatMap((certificate) => Object.keys(records).map((record) => ({ certificate, record }))),
  ...Object.keys(certificates)
    .filter((certificate) => !everyRecord.includes(certificate))
    .flatMap((certificate) =>
      ['the authority', 'the authority without the port', 'the authority and the plain key'].map(
        (record) => ({
          certificate,
          record,
        }),
      ),
    ),
  ...['right', 'for another host', 'for any host'].map((certificate) => ({
    certificate,
    record: 'the authority',
    alias: 'other.example.com',
  })),
];

async function opensshAccepts(config: string, knownHosts: string, alias?: string): Promise<boolean> {
  const options = [
    ...['-F', '/dev/null', '-v', '-p', `${port}`],
    ...['-o', `ProxyCommand=/usr/sbin/sshd -i -f ${config}`],
    ...['-o', `UserKnownHostsFile=${knownHosts}`, '-o', 'GlobalKnownHostsFile=/dev/null'],
    ...['-o', 'StrictHostKeyChecking=yes', '-o', 'UpdateHostKeys=no', '-o', 'BatchMode=yes'],
    ...['-o', 'PreferredAuthentications=none'],
    ...(alias === undefined ? [] : ['-o', `HostKeyAlias=${alias}`]),
  ];
  const log = await new Promise<string>((resolve) => {
    execFile('ssh', [...options, host], { timeout: 30_000 }, (_error, _out, err) =>
      resolve(err),
    ).stdin?.end();
  });
  const refused = /Host key verification failed/.test(log);
  const accepted = /Permission denied|SSH2_MSG_SERVICE_ACCEPT/.test(log);
  if (refused === accepted) throw new Error(`no verdict:\n${log}`);
  return accepted;
}

describe('host certificates', () => {
  it('are judged as ssh judges them', async () => {
    const key = await folder.key('host');
    const files: Record<string, { certificate: string; config: string }> = {};
    for (const [what, options] of Object.entries(certificates)) {
      const certificate = join(folder.path, `${Object.keys(files).length}-cert.pub`);
      await copyFile(await folder.certify(key, authority, ...options), certificate);
      const config = `${certificate}.conf`;
      await writeFile(config, `HostKey ${key}\nHostCertificate ${certificate}\nUsePAM no\n`);
      files[what] = { certificate, config };
    }
    const keys: Record<string, string> = {
      A: lines['authority']!,
      S: lines['stranger']!,
      O: lines['other']!,
      K: await publicLine(key),
    };
    const verdicts = await Promise.all(
      rows.map(async ({ certificate, record, alias }, number) => {
        const knownHosts = join(folder.path, `known-hosts-${number}`);
        const text = records[record]!.replace(/\b[ASOK]$/gm, (letter) => keys[letter]!);
        const named = alias === undefined ? text : text.replaceAll(name, alias);
        await writeFile(knownHosts, `${named}\n`);
        const blob = Buffer.from(
          (await folder.read(files[certificate]!.certificate)).split(' ')[1]!,
          'base64',
        );
        const policy = hostKeyPolicy({ knownHosts, ...(alias === undefined ? {} : { alias }) });
        const decision = await policy.judge(blob, { host, port, over: new StopSwitch(), algorithms: [] });
        const ssh = await opensshAccepts(files[certificate]!.config, knownHosts, alias);
        return { certificate, record, alias, ssh, ours: decision.accepted };
      }),
    );
    const accepted = verdicts.filter(({ ssh }) => ssh).length;
    console.log(
      `${verdicts.length} host certificates: ssh accepts ${accepted}, refuses ${verdicts.length - accepted}`,
    );
    expect(verdicts.length).toBeGreaterThanOrEqual(60);
    expect(verdicts.filter(({ ssh, ours }) => ssh !== ours)).toEqual([]);
    expect(accepted).toBeGreaterThan(15);
  });
});

describe('a server with a host certificate', () => {
  const kinds = ['ed25519', 'ecdsa -b 256', 'ecdsa -b 384', 'ecdsa -b 521', 'rsa -b 2048'];

  async function serverOf(kind: string, ...options: string[]): Promise<Sshd> {
    const key = await folder.key(`server-${Math.random()}`, '-t', ...kind.split(' '));
    const certificate = await folder.certify(key, authority, '-h', ...options, ...within);
    return startSshd({
      user: 'root',
      config: [
        ...[`HostKey ${key}`, `HostCertificate ${certificate}`, 'RekeyLimit 256K'],
        `ModuliFile ${await smallModuli()}`,
      ],
    });
  }

  /** Groups of 2048 bits alone: Node checks for seconds, at each re-key, whether a larger prime is a safe one. */
  async function smallModuli(): Promise<string> {
    const path = join(folder.path, 'moduli');
    const all = (await readFile('/etc/ssh/moduli', 'utf8')).split('\n');
    const small = all.filter((line) => line.split(' ')[4] === '2047');
    expect(small).not.toEqual([]);
    await writeFile(path, `${small.join('\n')}\n`);
    return path;
  }

  async function connects(
    sshd: Sshd,
    hostKey: HostKeyOption,
    more: Partial<ConnectOptions> = {},
  ): Promise<string> {
    const { port: at, privateKey } = sshd;
    await using connection = await connectViaGateway({
      ...{ host: sshd.host, port: at, username: 'root', privateKey, hostKey, retry: false, ...more },
    });
    expect((await connection.exec('echo in')).stdout).toBe('in\n');
    return connection.hostKeyFingerprint;
  }

  it.each(kinds)('is accepted by its authority (%s), also at a re-key', async (kind) => {
    await using sshd = await serverOf(kind, '-n', '127.0.0.1');
    expect(await connects(sshd, { authority: lines['authority']! })).toMatch(/^SHA256:/);
    const { port: at, privateKey } = sshd;
    await using connection = await connectViaGateway({
      ...{ host: sshd.host, port: at, username: 'root', privateKey, retry: false },
      hostKey: { authority: [lines['stranger']!, lines['authority']!], principals: ['x', '127.0.0.1'] },
      ...(kind === 'ed25519' && { algorithms: { kex: ['diffie-hellman-group-exchange-sha256'] } }),
    });
    const { stdout } = await connection.exec("head -c 600000 /dev/zero | tr '\\0' x");
    expect(stdout).toHaveLength(600_000);
  });

  it('is accepted by a line of known_hosts', async () => {
    await using sshd = await serverOf('ed25519', '-n', '127.0.0.1');
    const knownHosts = join(folder.path, 'by-line');
    await writeFile(knownHosts, `@cert-authority [127.0.0.1]:* ${lines['authority']}\n`);
    await connects(sshd, { knownHosts });
  });

  it.each([
    ['another authority', () => ({ authority: lines['stranger']! }), /hostKey\.authority is SHA256:/],
    [
      'another name',
      () => ({ authority: lines['authority']!, principals: 'pc12' }),
      /it is for 127\.0\.0\.1, not for pc12/,
    ],
  ])('is refused for %s', async (_what, option, message) => {
    await using sshd = await serverOf('ed25519', '-n', '127.0.0.1');
    const { error } = await failureOf(connects(sshd, option()));
    expect(error).toMatchObject({ code: 'SSH_HOST_KEY_UNKNOWN', retryable: false });
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(
      /shows the ssh-ed25519 key SHA256:\S+ with the certificate "me" of the authority SHA256:/,
    );
  });

  it.each([
    ['none of their kind', { remove: 'ssh-ed25519-cert-*' }],
    ['no certificates', { remove: '*-cert-v01@openssh.com' }],
    ['plain keys alone', ['ssh-ed25519']],
  ])('is not blamed where algorithms ask for %s', async (_what, serverHostKey) => {
    await using sshd = await serverOf('ed25519', '-n', '127.0.0.1');
    const wanted = { authority: lines['authority']! };
    const { error } = await failureOf(connects(sshd, wanted, { algorithms: { serverHostKey } }));
    expect(error).toMatchObject({ code: 'SSH_HOST_KEY_UNKNOWN' });
    expect(error.hint).toBe(
      'It may have one that was not asked for: the option algorithms.serverHostKey leaves out certificates of ssh-ed25519 keys.',
    );
  });

  it('that has none is refused where an authority is wanted', async () => {
    await using sshd = await startSshd({ user: 'root' });
    const { error } = await failureOf(connects(sshd, { authority: lines['authority']! }));
    expect(error).toMatchObject({ code: 'SSH_HOST_KEY_UNKNOWN' });
    expect(error.message).toMatch(/shows the plain ssh-ed25519 key SHA256:\S+, but hostKey\.authority wants/);
    expect(error.hint).toMatch(/^Sign the host key again/);
  });
});
