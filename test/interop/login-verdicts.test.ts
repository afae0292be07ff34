import { execFile } from 'node:child_process';
import { copyFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KeyFolder, keyFolder } from '../support/certificates.ts';
import { loginBySshConfig } from '../support/ssh-config-login.ts';
import { type Sshd, startSshd } from '../support/sshd.ts';

const run = promisify(execFile);
let folder: KeyFolder;
let sshd: Sshd;
let ca: string;
let rsaCa: string;
let stranger: string;
let revokedCa: string;
let plain: string;
const agents: number[] = [];
let n = 0;

beforeAll(async () => {
  folder = await keyFolder();
  [ca, revokedCa, stranger, plain] = (await Promise.all(
    ['ca', 'revoked-ca', 'stranger', 'plain'].map((name) => folder.key(name)),
  )) as [string, string, string, string];
  rsaCa = await folder.key('rsa-ca', '-t', 'rsa', '-b', '2048');
  const lines = await Promise.all([ca, rsaCa, revokedCa].map((path) => folder.read(`${path}.pub`)));
  await writeFile(join(folder.path, 'authorities'), lines.join(''));
  sshd = await startSshd({
    user: 'root',
    config: [
      `TrustedUserCAKeys ${join(folder.path, 'authorities')}`,
      `RevokedKeys ${revokedCa}.pub`,
      `AuthorizedKeysFile ${plain}.pub`,
    ],
  });
  await writeFile(join(folder.path, 'known'), `[${sshd.host}]:${sshd.port} ${sshd.hostPublicKey}\n`);
});

afterAll(async () => {
  for (const pid of agents) process.kill(pid);
  await sshd?.close();
  await folder?.[Symbol.asyncDispose]();
});

/** A real agent with these keys, and their certificates unless `-k` comes first. */
async function agent(...keys: string[]): Promise<string> {
  const path = join(folder.path, `agent${n++}`);
  const { stdout } = await run('ssh-agent', ['-s', '-a', path]);
  agents.push(Number(/SSH_AGENT_PID=(\d+)/.exec(stdout)?.[1]));
  const env = { ...process.env, SSH_AUTH_SOCK: path };
  const options = keys[0] === '-k' ? ['-q', '-k'] : ['-q'];
  for (const key of keys.filter((one) => one !== '-k')) await run('ssh-add', [...options, key], { env });
  return path;
}

/** Locked by a password (draft-miller-ssh-agent, section 4.6): it shows no keys. */
async function lock(path: string): Promise<void> {
  const socket = connect(path);
  socket.write(Buffer.from([0, 0, 0, 6, 22, 0, 0, 0, 1, 120]));
  await new Promise((resolve) => socket.once('data', resolve));
  socket.destroy();
}

const V = ['-V', '-1h:+1h'];
const R = ['-n', 'root', ...V];
const expiredOptions = ['-n', 'root', '-V', '20200101:20200102'];

const k = (...options: string[]) => folder.key(`key${n++}`, ...options);
const many = (count: number, ...options: string[]) =>
  Promise.all(Array.from({ length: count }, () => k(...options)));
const id = (key: string) => `IdentityFile ${key}`;
const by = (path: string) => `IdentityAgent ${path}`;
const none = 'IdentityAgent none';
const nothere = () => id(join(folder.path, 'nothere'));
const own = () => folder.copy(plain, `own${n++}`);

async function withCert(options: string[], authority = ca, kind: string[] = []): Promise<string> {
  const key = await k(...kind);
  await folder.certify(key, authority, ...options);
  return key;
}

/** Title, and the lines of ssh_config. */
type Case = [title: string, lines: () => Promise<string[]>];

const simple = (title: string, options: string[], authority = () => ca, kind: string[] = []): Case => [
  title,
  async () => [id(await withCert(options, authority(), kind)), none],
];

const cases: Case[] = [
  simple('right', R),
  simple('wild principal r*', ['-n', 'r*', ...V]),
  simple('principal *', ['-n', '*', ...V]),
  simple('ROOT', ['-n', 'ROOT', ...V]),
  simple('principal list', ['-n', 'a,b,root', ...V]),
  simple('principal with blank', ['-n', 'root ', ...V]),
  simple('no principals', V),
  simple('forever', ['-n', 'root', '-V', 'always:forever']),
  simple('always:+1d', ['-n', 'root', '-V', 'always:+1d']),
  simple('expired', expiredOptions),
  simple('future', ['-n', 'root', '-V', '+1d:forever']),
  simple('no -V', ['-n', 'root']),
  simple('expired 1s ago', ['-n', 'root', '-V', '-1h:-1s']),
  simple('epoch', ['-n', 'root', '-V', '0x0:0x1']),
  simple('far', ['-n', 'root', '-V', '0x0:0xfffffffffffffffe']),
  simple('unknown critical', [...R, '-O', 'critical:foo@bar=x']),
  simple('critical empty', [...R, '-O', 'critical:foo']),
  simple('extension', [...R, '-O', 'extension:foo@x=y']),
  simple('force-command', [...R, '-O', 'force-command=true']),
  simple('source ok', [...R, '-O', 'source-address=127.0.0.0/8']),
  simple('source bad', [...R, '-O', 'source-address=10.0.0.0/8']),
  simple('verify-required', [...R, '-O', 'verify-required']),
  simple('clear', [...R, '-O', 'clear']),
  simple('no-pty', [...R, '-O', 'no-pty']),
  simple('host cert', ['-h', ...R]),
  simple('stranger CA', R, () => stranger),
  simple('revoked CA', R, () => revokedCa),
  simple('rsa CA sha512', [...R, '-t', 'rsa-sha2-512'], () => rsaCa),
  simple('rsa CA sha256', [...R, '-t', 'rsa-sha2-256'], () => rsaCa),
  simple('rsa CA sha1', [...R, '-t', 'ssh-rsa'], () => rsaCa),
  ...['ed25519', 'ecdsa -b 256', 'ecdsa -b 384', 'ecdsa -b 521', 'rsa -b 2048', 'rsa -b 3072'].flatMap(
    (kind) => [
      simple(`kind ${kind}`, R, () => ca, ['-t', ...kind.split(' ')]),
      simple(`kind ${kind} expired`, expiredOptions, () => ca, ['-t', ...kind.split(' ')]),
      simple(`kind ${kind} by rsa`, R, () => rsaCa, ['-t', ...kind.split(' ')]),
    ],
  ),
  [
    'self signed',
    async () => {
      const key = await k();
      await folder.certify(key, key, ...R);
      return [id(key), none];
    },
  ],
  [
    'cert for other key beside',
    async () => {
      const key = await k();
      const other = await withCert(R);
      await copyFile(`${other}-cert.pub`, `${key}-cert.pub`);
      return [id(key), none];
    },
  ],
  [
    'cert for other key beside a good plain',
    async () => {
      const key = await own();
      const other = await withCert(R);
      await copyFile(`${other}-cert.pub`, `${key}-cert.pub`);
      return [id(key), none];
    },
  ],
  [
    'bad cert, good plain',
    async () => {
      const key = await own();
      await folder.certify(key, ca, '-n', 'root', '-V', '20200101:20200102');
      return [id(key), none];
    },
  ],
  [
    'damaged beside',
    async () => {
      const key = await withCert(R);
      const t = await folder.read(`${key}-cert.pub`);
      await writeFile(`${key}-cert.pub`, t.slice(0, 200));
      return [id(key), none];
    },
  ],
  [
    'flipped bit',
    async () => {
      const key = await withCert(R);
      const [a, b, c] = (await folder.read(`${key}-cert.pub`)).split(' ');
      const x = Buffer.from(b!, 'base64');
      x[x.length - 5]! ^= 1;
      await writeFile(`${key}-cert.pub`, [a, x.toString('base64'), c].join(' '));
      return [id(key), none];
    },
  ],
  [
    'CertificateFile',
    async () => {
      const key = await withCert(R);
      await rename(`${key}-cert.pub`, `${key}.x`);
      return [id(key), `CertificateFile ${key}.x`, none];
    },
  ],
  [
    'CertificateFile missing, beside good',
    async () => {
      const key = await withCert(R);
      return [id(key), `CertificateFile ${key}.nothere`, none];
    },
  ],
  [
    'CertificateFile wrong key, beside good',
    async () => {
      const key = await withCert(R);
      const o = await withCert(R);
      return [id(key), `CertificateFile ${o}-cert.pub`, none];
    },
  ],
  [
    'CertificateFile expired, beside good',
    async () => {
      const key = await withCert(R);
      await copyFile(`${key}-cert.pub`, `${key}.good`);
      await folder.certify(key, ca, '-n', 'root', '-V', '20200101:20200102');
      await rename(`${key}-cert.pub`, `${key}.old`);
      await rename(`${key}.good`, `${key}-cert.pub`);
      return [id(key), `CertificateFile ${key}.old`, none];
    },
  ],
  [
    'CertificateFile good 2nd',
    async () => {
      const key = await withCert(['-n', 'kim', ...V]);
      await rename(`${key}-cert.pub`, `${key}.a`);
      await folder.certify(key, ca, ...R);
      await rename(`${key}-cert.pub`, `${key}.b`);
      return [id(key), `CertificateFile ${key}.a`, `CertificateFile ${key}.b`, none];
    },
  ],
  [
    'CertificateFile garbage, then good',
    async () => {
      const key = await withCert(R);
      await rename(`${key}-cert.pub`, `${key}.good`);
      await writeFile(`${key}.bad`, 'hello\n');
      return [id(key), `CertificateFile ${key}.bad`, `CertificateFile ${key}.good`, none];
    },
  ],
  [
    'CertificateFile of a key that the agent has not',
    async () => {
      const key = await withCert(R);
      const a = await agent(...(await many(1)));
      return [nothere(), `CertificateFile ${key}-cert.pub`, by(a)];
    },
  ],
  [
    'CertificateFile is a plain public key',
    async () => {
      const key = await withCert(R);
      return [id(key), `CertificateFile ${plain}.pub`, none];
    },
  ],
  [
    'CertificateFile is a host cert, beside good',
    async () => {
      const key = await withCert(R);
      const o = await withCert(['-h', ...R]);
      return [id(key), `CertificateFile ${o}-cert.pub`, none];
    },
  ],
  [
    'CertificateFile garbage, plain good',
    async () => {
      await writeFile(join(folder.path, 'garb'), 'hello\n');
      return [id(plain), `CertificateFile ${join(folder.path, 'garb')}`, none];
    },
  ],
  [
    'CertificateFile host cert of own key, plain good',
    async () => {
      const key = await own();
      await folder.certify(key, ca, '-h', ...R);
      await rename(`${key}-cert.pub`, `${key}.h`);
      return [id(key), `CertificateFile ${key}.h`, none];
    },
  ],
  [
    'CertificateFile with crlf',
    async () => {
      const key = await withCert(R);
      const t = await folder.read(`${key}-cert.pub`);
      await rm(`${key}-cert.pub`);
      await writeFile(`${key}.c`, t.replace('\n', '\r\n'));
      return [id(key), `CertificateFile ${key}.c`, none];
    },
  ],
  [
    'CertificateFile with comment line first',
    async () => {
      const key = await withCert(R);
      const t = await folder.read(`${key}-cert.pub`);
      await rm(`${key}-cert.pub`);
      await writeFile(`${key}.c`, `# hello\n\n${t}`);
      return [id(key), `CertificateFile ${key}.c`, none];
    },
  ],
  [
    'CertificateFile two lines, second right',
    async () => {
      const key = await withCert(R);
      const t = await folder.read(`${key}-cert.pub`);
      const o = await withCert(R);
      const t2 = await folder.read(`${o}-cert.pub`);
      await rm(`${key}-cert.pub`);
      await writeFile(`${key}.c`, t2 + t);
      return [id(key), `CertificateFile ${key}.c`, none];
    },
  ],
  [
    'IdentityFile is the cert itself',
    async () => {
      const key = await withCert(R);
      return [id(`${key}-cert.pub`), none];
    },
  ],
  [
    'IdentityFile .pub, agent has key, cert beside',
    async () => {
      const key = await withCert(R);
      const a = await agent('-k', key);
      return [id(`${key}.pub`), by(a)];
    },
  ],
  [
    'private gone, agent has plain key, cert beside',
    async () => {
      const key = await withCert(R);
      const a = await agent('-k', key);
      await rm(key);
      return [id(key), by(a)];
    },
  ],
  [
    'private encrypted, agent has plain key, cert beside',
    async () => {
      const key = await withCert(R);
      const a = await agent('-k', key);
      await run('ssh-keygen', ['-p', '-q', '-f', key, '-N', 'secret12', '-P', '']);
      return [id(key), by(a)];
    },
  ],
  [
    'same, IdentitiesOnly',
    async () => {
      const key = await withCert(R);
      const a = await agent('-k', key);
      await rm(key);
      return [id(key), by(a), 'IdentitiesOnly yes'];
    },
  ],
  [
    'agent cert',
    async () => {
      const key = await withCert(R);
      const a = await agent(key);
      return [nothere(), by(a)];
    },
  ],
  [
    'agent cert, IdentitiesOnly other',
    async () => {
      const key = await withCert(R);
      const a = await agent(key);
      return [id(await k()), by(a), 'IdentitiesOnly yes'];
    },
  ],
  [
    'agent cert, IdentitiesOnly missing file',
    async () => {
      const key = await withCert(R);
      const a = await agent(key);
      return [nothere(), by(a), 'IdentitiesOnly yes'];
    },
  ],
  [
    'agent cert, IdentitiesOnly pub of it',
    async () => {
      const key = await withCert(R);
      const a = await agent(key);
      return [id(`${key}.pub`), by(a), 'IdentitiesOnly yes'];
    },
  ],
  [
    'agent 5 strangers + own',
    async () => {
      const a = await agent(...(await many(5)));
      return [id(plain), by(a)];
    },
  ],
  [
    'agent 5 strangers + plain at the end',
    async () => {
      const a = await agent(...(await many(4)), plain);
      return [nothere(), by(a)];
    },
  ],
  [
    'agent 8 strangers + plain at the end',
    async () => {
      const a = await agent(...(await many(8)), plain);
      return [nothere(), by(a)];
    },
  ],
  [
    'agent 8 strangers + plain, named by .pub',
    async () => {
      const a = await agent(...(await many(8)), plain);
      return [id(`${plain}.pub`), by(a)];
    },
  ],
  [
    'agent 8 strangers + plain, named by missing private with pub',
    async () => {
      const key = await own();
      await rm(key);
      const a = await agent(...(await many(8)), plain);
      return [id(key), by(a)];
    },
  ],
  [
    'agent 8 strangers + plain, named by .pub IdentitiesOnly',
    async () => {
      const a = await agent(...(await many(8)), plain);
      return [id(`${plain}.pub`), by(a), 'IdentitiesOnly yes'];
    },
  ],
  [
    '4 own RSA, then plain',
    async () => [...(await many(4, '-t', 'rsa', '-b', '2048')).map(id), id(plain), none],
  ],
  [
    '3 own RSA with wrong certs, then plain',
    async () => [
      ...(
        await Promise.all([1, 2].map(() => withCert(['-n', 'kim', ...V], ca, ['-t', 'rsa', '-b', '2048'])))
      ).map(id),
      id(plain),
      none,
    ],
  ],
  [
    '5 agent RSA, then plain in agent',
    async () => {
      const a = await agent(...(await many(5, '-t', 'rsa', '-b', '2048')), plain);
      return [nothere(), by(a)];
    },
  ],
  [
    '2 agent certs wrong + plain of them + right',
    async () => {
      const a = await agent(...(await Promise.all([1, 2].map(() => withCert(['-n', 'kim', ...V])))), plain);
      return [nothere(), by(a)];
    },
  ],
  [
    'PubkeyAcceptedAlgorithms without certs',
    async () => [id(await withCert(R)), none, 'PubkeyAcceptedAlgorithms ssh-ed25519'],
  ],
  [
    'PubkeyAcceptedAlgorithms only certs',
    async () => [id(await withCert(R)), none, 'PubkeyAcceptedAlgorithms ssh-ed25519-cert-v01@openssh.com'],
  ],
  [
    'PubkeyAcceptedAlgorithms only certs, plain',
    async () => [id(plain), none, 'PubkeyAcceptedAlgorithms ssh-ed25519-cert-v01@openssh.com'],
  ],
  [
    'PubkeyAcceptedAlgorithms -*cert*',
    async () => [id(await withCert(R)), none, 'PubkeyAcceptedAlgorithms -*cert*'],
  ],
  [
    'agent locked',
    async () => {
      const a = await agent(plain);
      await lock(a);
      return [nothere(), by(a)];
    },
  ],
];

/** What stands in the file beside the key, made of what `ssh-keygen` wrote. */
const texts: Record<string, (text: string) => string | Buffer> = {
  'with CRLF': (text) => text.replace('\n', '\r\n'),
  'with a byte order mark': (text) => `\ufeff${text}`,
  'in UTF-16': (text) => Buffer.from(`\ufeff${text}`, 'utf16le'),
  'with a tab': (text) => text.replace(' ', '\t'),
  'with leading blanks': (text) => `  ${text}`,
  'without a newline': (text) => text.trimEnd(),
  'without a comment': (text) => text.split(' ').slice(0, 2).join(' '),
  'with a comment of 9,000 bytes': (text) => `${text.trimEnd()}${'x'.repeat(9_000)}\n`,
  'behind garbage': (text) => `hello world\n${text}`,
  'behind its plain key': (text) => `${plainLine}\n${text}`,
  'before its plain key': (text) => `${text}${plainLine}\n`,
  'behind options': (text) => `no-pty ${text}`,
  'named as a plain key': (text) => text.replace('ssh-ed25519-cert-v01@openssh.com', 'ssh-ed25519'),
  'named as another kind': (text) => text.replace('ssh-ed25519-cert', 'ssh-rsa-cert'),
  'with bytes behind it': (text) => {
    const [name, base64 = ''] = text.split(' ');
    return `${name} ${Buffer.concat([Buffer.from(base64, 'base64'), Buffer.from('abc')]).toString('base64')}\n`;
  },
  empty: () => '',
};
const plainLine = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ';

for (const [what, change] of Object.entries(texts)) {
  cases.push([
    `beside, ${what}`,
    async () => {
      const key = await withCert(R);
      const text = await folder.read(`${key}-cert.pub`);
      await rm(`${key}-cert.pub`);
      await writeFile(`${key}-cert.pub`, change(text));
      return [id(key), none];
    },
  ]);
}

/** Where we mean to differ from ssh; the text of `fromSshConfig` says so. */
const meant = [
  // ssh does not look beside the keys where CertificateFile names anything.
  'CertificateFile missing, beside good',
  // A TypeError that says what the file is; ssh passes over it.
  'CertificateFile garbage, plain good',
  'CertificateFile host cert of own key, plain good',
  // The key is named, and its certificate shown with it.
  'agent cert, IdentitiesOnly pub of it',
  // What PowerShell and editors add does no harm.
  'beside, with a byte order mark',
  'beside, in UTF-16',
];

async function opensshGetsIn(config: string): Promise<boolean> {
  const options = ['-o', 'BatchMode=yes', '-o', 'PreferredAuthentications=publickey'];
  const trial = run('ssh', ['-F', config, ...options, 'pc', 'echo in; exit 3'], { timeout: 60_000 });
  const { code, stderr } = await trial.then(
    () => ({ code: 0, stderr: '' }),
    (error: { code: number; stderr: string }) => error,
  );
  // A forced command ends with a status of its own.
  const isIn = code === 3 || code === 0;
  if (!isIn && !/Permission denied|Too many authentication|Disconnected/.test(stderr))
    throw new Error(stderr);
  return isIn;
}

async function weGetIn(file: string): Promise<{ isIn: boolean; words: string }> {
  const { isIn, refusal } = await loginBySshConfig(
    file,
    ({ code, message }) => code === 'SSH_AUTHENTICATION_FAILED' || message.startsWith('option '),
  );
  return { isIn, words: isIn ? '' : `${refusal.message} ${refusal.hint ?? ''}` };
}

describe('keys, certificates and agents of an ssh_config', () => {
  const words = new Map<string, string>();

  it('get in where ssh gets in, and nowhere else', async () => {
    const verdicts: { title: string; ssh: boolean; ours: boolean }[] = [];
    const queue = [...cases.entries()];
    const worker = async () => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const [number, [title, make]] = next;
        const config = join(folder.path, `config${number}`);
        const known = `UserKnownHostsFile ${join(folder.path, 'known')}`;
        const where = [`HostName ${sshd.host}`, `Port ${sshd.port}`, 'User root', known];
        await writeFile(config, ['Host pc', ...where, ...(await make()), ''].join('\n'));
        const ssh = await opensshGetsIn(config);
        const ours = await weGetIn(config);
        words.set(title, ours.words);
        verdicts.push({ title, ssh, ours: ours.isIn });
      }
    };
    await Promise.all(Array.from({ length: 4 }, worker));
    const accepted = verdicts.filter(({ ssh }) => ssh).length;
    console.log(
      `${verdicts.length} logins: ssh gets in with ${accepted}, is refused with ${verdicts.length - accepted}`,
    );
    const differ = verdicts.filter(({ ssh, ours }) => ssh !== ours).map(({ title }) => title);
    expect(differ.sort()).toEqual([...meant].sort());
    expect(verdicts.length).toBeGreaterThanOrEqual(90);
  }, 600_000);

  it.each([
    ['unknown critical', /critical option foo@bar: a server that does not know it refuses it/],
    ['source bad', /for some addresses only \(source-address\)/],
    ['host cert', /The certificate in \S+-cert\.pub was not used: it is a host certificate, not a user/],
    ['damaged beside', /-cert\.pub was not used: it is not a certificate, or a damaged one/],
    ['flipped bit', /-cert\.pub was not used: it is not a certificate, or a damaged one/],
    ['rsa CA sha1', /Its authority signed it with SHA-1, which OpenSSH has not accepted since 8\.2/],
    ['beside, behind its plain key', /was not used: its first line is a plain public key, not a certificate/],
    [
      'cert for other key beside',
      /was not used: it is for the key SHA256:\S+, which is not the one beside it/,
    ],
    [
      'CertificateFile of a key that the agent has not',
      /The certificate "\S+" was not offered: the agent does not hold its key SHA256:/,
    ],
    ['wild principal r*', /it is for r\*, not for root/],
    ['stranger CA', /TrustedUserCAKeys/],
    ['agent 8 strangers + plain at the end', /MaxAuthTries, 6 by default\), and the agent has more/],
  ])('are told truly: %s', (title, said) => {
    expect(words.get(title)).toMatch(said);
  });
});
