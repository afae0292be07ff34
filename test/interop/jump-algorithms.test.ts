import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import type { SshError } from '../../src/errors/index.ts';
import { fromSshConfig } from '../../src/interop/from-ssh-config.ts';
import type { Algorithms } from '../../src/options/types.ts';
import { jumpHost } from '../../src/route/jump-host.ts';
import { type Sshd, startSshd } from '../support/sshd.ts';

/** An old jump host before a PC that is up to date: neither takes what the other wants. */
const old = [
  'Ciphers aes256-cbc',
  'MACs hmac-md5',
  'KexAlgorithms diffie-hellman-group14-sha1',
  'HostKeyAlgorithms ssh-ed25519',
];
const modern = [
  'Ciphers aes128-ctr',
  'MACs hmac-sha2-256',
  'KexAlgorithms curve25519-sha256',
  'HostKeyAlgorithms ssh-ed25519',
];

let jump: Sshd;
let pc: Sshd;
let folder: string;

beforeAll(async () => {
  [jump, pc] = await Promise.all([startSshd({ config: old }), startSshd({ config: modern })]);
  folder = await mkdtemp(join(tmpdir(), 'jump-algorithms-'));
  const known = [jump, pc].map(({ port, hostPublicKey }) => `[127.0.0.1]:${port} ${hostPublicKey}\n`);
  await writeFile(join(folder, 'known'), known.join(''));
});
afterAll(async () => {
  await Promise.all([jump?.close(), pc?.close()]);
  await rm(folder, { recursive: true, force: true });
});

const needed = ['Ciphers +aes256-cbc', 'MACs +hmac-md5', 'KexAlgorithms +diffie-hellman-group14-sha1'];

interface Case {
  /** Before all hosts. */
  first?: readonly string[];
  jump?: readonly string[];
  pc?: readonly string[];
  /** For all hosts, after theirs. */
  all?: readonly string[];
  /** Where it ends. */
  verdict: 'in' | 'jump' | 'pc';
}

const cases: Record<string, Case> = {
  'nothing said': { verdict: 'jump' },
  'what the jump host needs': { jump: needed, verdict: 'in' },
  'for all': { all: needed, verdict: 'in' },
  'for the PC alone': { pc: needed, verdict: 'jump' },
  'all but the cipher': { jump: needed.slice(1), verdict: 'jump' },
  'all but the code': { jump: needed.toSpliced(1, 1), verdict: 'jump' },
  'all but the key exchange': { jump: needed.slice(0, 2), verdict: 'jump' },
  'at the front': { jump: needed.map((line) => line.replace('+', '^')), verdict: 'in' },
  'nothing else': { jump: needed.map((line) => line.replace('+', '')), verdict: 'in' },
  'nothing else, for all': { all: needed.map((line) => line.replace('+', '')), verdict: 'pc' },
  'by patterns that nothing matches': { jump: ['Ciphers -none*', ...needed.slice(1)], verdict: 'jump' },
  'of two lines the first counts': {
    jump: ['Ciphers +aes256-cbc', 'Ciphers +3des-cbc', ...needed.slice(1)],
    verdict: 'in',
  },
  'of two lines only the first counts': {
    jump: ['Ciphers +3des-cbc', 'Ciphers +aes256-cbc', ...needed.slice(1)],
    verdict: 'jump',
  },
  'removed for all, afterwards': { jump: needed, all: ['Ciphers -aes*'], verdict: 'pc' },
  'removed for all, before': { first: ['Ciphers -aes256-cbc'], jump: needed, verdict: 'jump' },
  'removed for the PC': { jump: needed, pc: ['Ciphers -aes128-ctr'], verdict: 'pc' },
  'removed for the PC by a pattern': { jump: needed, pc: ['KexAlgorithms -curve*'], verdict: 'pc' },
  'removed for the jump host, which needs it not': {
    jump: needed.toSpliced(0, 1, 'Ciphers ^aes256-cbc', 'HostKeyAlgorithms -ecdsa*'),
    verdict: 'in',
  },
  'host keys of another type for the PC': { jump: needed, pc: ['HostKeyAlgorithms ecdsa*'], verdict: 'pc' },
  'host keys of another type for the jump host': {
    jump: [...needed, 'HostKeyAlgorithms rsa-sha2-512'],
    verdict: 'jump',
  },
  'host keys by a pattern': { jump: [...needed, 'HostKeyAlgorithms *25519'], verdict: 'in' },
  'codes for the PC': { jump: needed, pc: ['MACs hmac-sha2-512'], verdict: 'pc' },
  'keys of no type that the jump host may use': {
    jump: [...needed, 'PubkeyAcceptedAlgorithms rsa-sha2-512'],
    verdict: 'jump',
  },
  'keys of no type that the PC may use': {
    jump: needed,
    pc: ['PubkeyAcceptedAlgorithms -*ed25519*'],
    verdict: 'pc',
  },
  compressed: { jump: [...needed, 'Compression yes'], pc: ['Compression yes'], verdict: 'in' },
};

function config({ first = [], jump: ofJump = [], pc: ofPc = [], all = [] }: Case): string {
  const host = (name: string, { port, username, privateKeyPath }: Sshd, more: readonly string[]) => [
    `Host ${name}`,
    ...['HostName 127.0.0.1', `Port ${port}`, `User ${username}`, `IdentityFile ${privateKeyPath}`, ...more],
  ];
  const shared = ['IdentitiesOnly yes', 'IdentityAgent none', `UserKnownHostsFile ${join(folder, 'known')}`];
  const lines = [
    ...first,
    ...host('bastion', jump, ofJump),
    ...host('pc', pc, ['ProxyJump bastion', ...ofPc]),
    ...['Host *', ...shared, 'GlobalKnownHostsFile /dev/null', 'StrictHostKeyChecking yes', ...all],
  ];
  return `${lines.join('\n')}\n`;
}

async function bySsh(file: string): Promise<Case['verdict']> {
  const args = ['-F', file, '-o', 'BatchMode=yes', 'pc', 'true'];
  const said = await new Promise<string | undefined>((resolve) => {
    execFile('ssh', args, { timeout: 30_000 }, (error, _stdout, stderr) =>
      resolve(error ? stderr : undefined),
    );
  });
  if (said === undefined) return 'in';
  // The jump host's own ssh names it with its port; behind it, the PC is a pipe.
  if (/Unable to negotiate with UNKNOWN|pc: Permission denied|@127\.0\.0\.1: Permission denied/.test(said)) {
    const ofPc = said.includes('Unable to negotiate with UNKNOWN') || said.includes(`${pc.username}@`);
    return ofPc ? 'pc' : 'jump';
  }
  if (said.includes(`Unable to negotiate with 127.0.0.1 port ${jump.port}`)) return 'jump';
  throw new Error(said);
}

async function byUs(file: string): Promise<Case['verdict']> {
  const options = await fromSshConfig('pc', { file });
  const outcome = connectViaGateway({ ...options, retry: false });
  return outcome.then(
    async (connection) => {
      expect((await connection.exec('echo in')).stdout).toBe('in\n');
      await connection.close();
      return 'in' as const;
    },
    ({ hop, code }: SshError) => {
      expect(['SSH_HANDSHAKE_FAILED', 'SSH_NO_COMMON_ALGORITHM', 'SSH_AUTHENTICATION_FAILED']).toContain(
        code,
      );
      return hop ? 'jump' : 'pc';
    },
  );
}

describe('lists of algorithms of an ssh_config, on a jump host and behind it, mean what they mean to ssh', () => {
  it.concurrent.each(Object.entries(cases))('%s', async (what, one) => {
    const file = join(folder, what.replaceAll(' ', '-'));
    await writeFile(file, config(one));
    const [theirs, ours] = await Promise.all([bySsh(file), byUs(file)]);
    expect(theirs).toBe(one.verdict);
    expect(ours).toBe(theirs);
  });
});

describe('changes of the default lists, on a jump host and behind it', () => {
  const needs: Algorithms = {
    cipher: { append: 'aes256-cbc' },
    hmac: { prepend: ['hmac-md5'] },
    kex: { append: '*group14-sha1' },
  };
  const wants: Record<string, { jump?: Algorithms; pc?: Algorithms; verdict: string }> = {
    'none: the jump host has nothing in common with us': { verdict: 'jump' },
    'those of the PC do not count for the jump host': { pc: needs, verdict: 'jump' },
    'what the jump host needs': { jump: needs, verdict: 'in' },
    'appended and removed is removed': {
      jump: { ...needs, cipher: { append: 'aes256-cbc', remove: '*-cbc' } },
      verdict: 'jump',
    },
    'removed for the PC': { jump: needs, pc: { cipher: { remove: ['aes128-c*'] } }, verdict: 'pc' },
    'removed for the jump host alone': {
      jump: { ...needs, cipher: { prepend: 'aes256-cbc', remove: 'aes128-*' } },
      verdict: 'in',
    },
  };

  it.concurrent.each(Object.entries(wants))('%s', async (_what, { jump: ofJump, pc: ofPc, verdict }) => {
    const login = ({ host, port, username, privateKey, hostPublicKey }: Sshd) => ({
      ...{ host, port, username, privateKey, hostKey: { key: hostPublicKey } },
    });
    const via = jumpHost({ ...login(jump), algorithms: ofJump });
    const outcome = connectViaGateway({ ...login(pc), algorithms: ofPc, via, retry: false });
    const found = await outcome.then(
      (connection) => connection.close().then(() => 'in'),
      ({ hop }: SshError) => (hop ? 'jump' : 'pc'),
    );
    expect(found).toBe(verdict);
  });
});
