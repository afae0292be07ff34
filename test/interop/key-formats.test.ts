import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { type Sshd, startSshd } from '../support/sshd.ts';

const run = promisify(execFile);
const passphrase = 'Geheim-93!';

let folder: string;
let sshd: Sshd;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'svg-puttygen-'));
  await writeFile(join(folder, 'passphrase'), `${passphrase}\n`);
  sshd = await startSshd({ user: 'root' });
});
afterAll(async () => {
  await sshd?.close();
  await rm(folder, { recursive: true, force: true });
});

/** The client's key of the server, as PuTTY keeps it. */
async function byPuttygen(...options: string[]): Promise<string> {
  const file = join(folder, 'key.ppk');
  await run('puttygen', [sshd.privateKeyPath, '-O', 'private', '-o', file, ...options]);
  return readFile(file, 'utf8');
}

it.each(['2', '3'])('sshd lets in who has a PPK file of version %s that puttygen wrote', async (version) => {
  const plain = await byPuttygen('--ppk-param', `version=${version}`);
  const secret = ['-P', '--new-passphrase', join(folder, 'passphrase')];
  const encrypted = await byPuttygen('--ppk-param', `version=${version}`, ...secret);
  expect(encrypted).toContain('Encryption: aes256-cbc');
  for (const credentials of [{ privateKey: plain }, { privateKey: encrypted, passphrase }]) {
    await using connection = await connectViaGateway({
      ...{ host: sshd.host, port: sshd.port, username: sshd.username, retry: false },
      ...{ hostKey: { key: sshd.hostPublicKey }, ...credentials },
    });
    expect((await connection.exec('echo in')).stdout).toBe('in\n');
  }
});
