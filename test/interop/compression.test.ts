import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { fromAirflowConnection } from '../../src/interop/from-airflow-connection.ts';
import { fromSshConfig } from '../../src/interop/from-ssh-config.ts';
import type { ConnectOptions } from '../../src/options/types.ts';
import { type Dropbear, startDropbear } from '../support/dropbear.ts';
import { type Sshd, startSshd } from '../support/sshd.ts';

const optionsFor = ({
  host,
  port,
  username,
  privateKey,
  hostPublicKey,
}: Sshd | Dropbear): ConnectOptions => ({
  ...{ host, port, username, privateKey, retry: false },
  hostKey: { key: hostPublicKey },
});

/** Half of it can be compressed. */
const content = Buffer.concat([randomBytes(1_500_000), Buffer.alloc(1_500_000, 'rpa '), randomBytes(1)]);

/** Commands one after another and at once, and a file there and back. */
async function useIt(options: ConnectOptions, home: string): Promise<void> {
  await using connection = await connectViaGateway(options);
  expect((await connection.exec('echo one')).stdout).toBe('one\n');
  const many = Array.from({ length: 20 }, (_, n) => connection.exec(`echo ${n}`));
  expect((await Promise.all(many)).map(({ stdout }) => stdout)).toEqual(many.map((_, n) => `${n}\n`));
  const echoed = await connection.exec('cat', { stdin: content, encoding: 'buffer' });
  expect(content.equals(echoed.stdout)).toBe(true);
  const [remote, local] = [join(home, 'remote'), join(home, 'local')];
  await connection.upload(content, remote);
  await connection.download(remote, local);
  expect(content.equals(await readFile(local))).toBe(true);
}

describe('compression with OpenSSH', () => {
  it.each([
    ['through one key exchange', 'RekeyLimit 1G'],
    ['through many', 'RekeyLimit 1M'],
  ])('works for commands and files %s', async (_what, config) => {
    await using sshd = await startSshd({ config: ['Compression yes', config] });
    await useIt({ ...optionsFor(sshd), algorithms: { compress: ['zlib@openssh.com'] } }, sshd.home);
  });

  it('works as ssh_config and Airflow ask for it', async () => {
    await using sshd = await startSshd({ config: ['Compression yes'] });
    const file = join(sshd.home, 'config');
    const lines = ['HostName 127.0.0.1', `Port ${sshd.port}`, `User ${sshd.username}`, 'Compression yes'];
    await writeFile(file, `Host pc\n ${lines.join('\n ')}\n IdentityFile ${sshd.privateKeyPath}\n`);
    const hostKey = { key: sshd.hostPublicKey };
    await useIt({ ...(await fromSshConfig('pc', { file })), hostKey, retry: false }, sshd.home);
    const extra = JSON.stringify({ key_file: sshd.privateKeyPath, compress: true });
    const airflow = { host: sshd.host, port: sshd.port, login: sshd.username, extra };
    await useIt({ ...fromAirflowConnection(airflow), hostKey, retry: false }, sshd.home);
  });

  it('gives way to none where the server has it switched off', async () => {
    await using sshd = await startSshd({ config: ['Compression no'] });
    await useIt({ ...optionsFor(sshd), algorithms: { compress: ['zlib@openssh.com', 'none'] } }, sshd.home);
    const only = { ...optionsFor(sshd), algorithms: { compress: ['zlib@openssh.com'] } };
    await expect(connectViaGateway(only)).rejects.toMatchObject({ code: 'SSH_HANDSHAKE_FAILED' });
  });
});

it.each(['zlib@openssh.com', 'zlib'])('compression %s works with dropbear, or is refused', async (name) => {
  await using sshd = await startSshd();
  await using dropbear = await startDropbear(sshd);
  const options = { ...optionsFor(dropbear), algorithms: { compress: [name] } };
  const outcome = await connectViaGateway(options).then(
    (connection) => connection.close(),
    (error) => error,
  );
  if (outcome) return expect(outcome).toMatchObject({ code: 'SSH_HANDSHAKE_FAILED', retryable: false });
  await using connection = await connectViaGateway(options);
  expect((await connection.exec('echo one')).stdout).toBe('one\n');
  const echoed = await connection.exec('cat', { stdin: content, encoding: 'buffer' });
  expect(content.equals(echoed.stdout)).toBe(true);
});

it('a slow look at the host key does not disturb OpenSSH or dropbear', async () => {
  await using sshd = await startSshd();
  await using dropbear = await startDropbear(sshd);
  for (const server of [sshd, dropbear]) {
    const hostKey = { verify: () => sleep(150, true) };
    await using connection = await connectViaGateway({ ...optionsFor(server), hostKey });
    expect((await connection.exec('echo in')).stdout).toBe('in\n');
  }
});
