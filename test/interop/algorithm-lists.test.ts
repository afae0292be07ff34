import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromSshConfig } from '../../src/interop/from-ssh-config.ts';
import {
  type AlgorithmKind,
  algorithmNames,
  resolveAlgorithms,
} from '../../src/ssh2/handshake/algorithms.ts';
import { sshG } from '../support/ssh-g.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'algorithm-lists-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const kinds: Record<string, AlgorithmKind> = {
  Ciphers: 'cipher',
  MACs: 'hmac',
  KexAlgorithms: 'kex',
  HostKeyAlgorithms: 'serverHostKey',
  PubkeyAcceptedAlgorithms: 'publicKey',
};

const lines = `
Ciphers aes128-ctr
Ciphers aes256-ctr,aes128-ctr
Ciphers aes128-ctr,aes128-ctr
Ciphers "aes128-ctr"
Ciphers =aes128-ctr
Ciphers +aes128-cbc
Ciphers +3des-cbc,aes128-ctr
Ciphers -aes128-ctr
Ciphers -aes*
Ciphers -aes128-ct?
Ciphers -chacha20*
Ciphers -nosuch
Ciphers -aes128-ctr,aes256*
Ciphers ^aes256-ctr
Ciphers ^aes256-ctr,aes128-ctr
Ciphers aes128-gcm@openssh.com
MACs hmac-sha2-256
MACs +hmac-sha1
MACs +hmac-sha1-96,hmac-md5
MACs -hmac-sha1*
MACs -*etm*
MACs -umac*
MACs ^hmac-sha2-512
MACs umac-64@openssh.com,hmac-sha2-256
KexAlgorithms curve25519-sha256
KexAlgorithms ^ecdh-sha2-nistp256
KexAlgorithms ^curve25519-sha256,ecdh-sha2-nistp384
KexAlgorithms +diffie-hellman-group1-sha1
KexAlgorithms +diffie-hellman-group14-sha1,diffie-hellman-group1-sha1
KexAlgorithms -diffie-hellman*
KexAlgorithms -*25519*
KexAlgorithms -*sha?12
KexAlgorithms sntrup761x25519-sha512@openssh.com,curve25519-sha256
HostKeyAlgorithms ssh-ed25519
HostKeyAlgorithms ssh-rsa*
HostKeyAlgorithms rsa-sha2-256,rsa-sha2-512
HostKeyAlgorithms +ssh-rsa
HostKeyAlgorithms +ssh-dss
HostKeyAlgorithms -ssh-rsa*
HostKeyAlgorithms -ecdsa*
HostKeyAlgorithms -*cert*
HostKeyAlgorithms -sk-*
HostKeyAlgorithms ssh-ed25519,*ed25519*
PubkeyAcceptedAlgorithms +ssh-rsa
PubkeyAcceptedAlgorithms -rsa*
PubkeyAcceptedAlgorithms ^ssh-rsa
PubkeyAcceptedAlgorithms rsa-sha2-512,ssh-rsa
`
  .trim()
  .split('\n');

async function effective(
  keyword: string,
  line: string,
): Promise<{ ours: readonly string[]; theirs: string[] }> {
  const file = join(folder, 'config');
  await writeFile(file, `Host pc\n  ${line}\n`);
  const { algorithms } = await fromSshConfig('pc', { file });
  const theirs = (await sshG(file, 'pc')).get(keyword.toLowerCase())?.[0] ?? '';
  return { ours: resolveAlgorithms(algorithms)[kinds[keyword]!], theirs: theirs.split(',') };
}

/** The default lists differ on purpose; what a line changes of them does not. */
describe.each(lines)('%s', (line) => {
  it('means what it means to ssh', async () => {
    const [keyword = '', value = ''] = line.split(' ');
    const { known, offered } = algorithmNames(kinds[keyword]!);
    const usual = await effective(keyword, '# nothing');
    const { ours, theirs } = await effective(keyword, line);
    const usable = theirs.filter((name) => known.includes(name));
    if (!/^[+^-]/.test(value)) return expect(ours).toEqual(usable);
    const common = usual.theirs.filter((name) => offered.includes(name));
    const isLeft = (list: readonly string[]) => common.filter((name) => list.includes(name));
    expect(isLeft(ours)).toEqual(isLeft(theirs));
    const isNeither = (name: string) => !offered.includes(name) && !usual.theirs.includes(name);
    expect(ours.filter(isNeither)).toEqual(usable.filter(isNeither));
    const named = value.slice(1).split(',');
    if (value.startsWith('^')) expect(ours.slice(0, named.length)).toEqual(named);
  });
});
