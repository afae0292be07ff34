import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { fromAirflowConnection } from '../../src/interop/from-airflow-connection.ts';
import { fromSshConfig } from '../../src/interop/from-ssh-config.ts';
import { startMockServer } from '../../src/mock-server/index.ts';
import { accountName } from '../../src/options/local-account.ts';
import { run } from '../cli/run.ts';

/** A container that runs under a bare uid, without HOME: the system knows neither a name nor a home folder. */
vi.mock('node:os', async (importOriginal) => {
  const os = await importOriginal<typeof import('node:os')>();
  const unknown = () => {
    throw Object.assign(new Error('A system error occurred: ENOENT'), { code: 'ERR_SYSTEM_ERROR' });
  };
  return { ...os, homedir: unknown, userInfo: unknown };
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'no-account-'));
  for (const name of ['LOGNAME', 'USER', 'USERNAME']) vi.stubEnv(name, '');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

it('connects with a key under an absolute path, by ssh_config and by Airflow’s connection', async () => {
  await using server = await startMockServer();
  const { host, port, username, clientKey, hostKey: serverKey } = server;
  const path = join(folder, 'id');
  await writeFile(path, clientKey.privateKey, { mode: 0o600 });
  const config = join(folder, 'config');
  await writeFile(
    config,
    `Host pc\n HostName ${host}\n Port ${port}\n User ${username}\n IdentityFile ${path}\n`,
  );
  const direct = { host, port, username, privateKeyPath: path };
  const byConfig = await fromSshConfig('pc', { file: config });
  const extra = JSON.stringify({ key_file: path });
  const byAirflow = fromAirflowConnection({ host, port, login: username, extra });
  for (const options of [direct, byConfig, byAirflow]) {
    const hostKey = { fingerprint: serverKey.fingerprint };
    await (await connectViaGateway({ ...options, hostKey, retry: false })).close();
  }
});

it('connects on the command line as the user that the destination, or --user, names', async () => {
  await using server = await startMockServer();
  const { host, port, username, clientKey, hostKey } = server;
  const identity = join(folder, 'id-cli');
  const config = join(folder, 'config-cli');
  await writeFile(identity, clientKey.privateKey, { mode: 0o600 });
  // As for ssh, a setting may be for one user; the configuration itself says nothing of users.
  await writeFile(config, `Match user ${username}\n HostName ${host}\n Port ${port}\n`);
  const flags = ['--ssh-config', config, '--attempts', '1', '--identity', identity];
  const command = [...flags, '--host-key', hostKey.fingerprint];
  for (const words of [[`${username}@pc`], ['--user', username, 'pc']]) {
    const { stdout, stderr } = await run(['exec', ...command, ...words, 'echo hi']);
    expect({ stdout: stdout.toString(), stderr }).toEqual({ stdout: 'hi\n', stderr: '' });
  }
});

it('reports what is missing if a user name or home directory is needed', async () => {
  const config = join(folder, 'without-user');
  await writeFile(config, 'Host pc\n HostName 127.0.0.1\n');
  await expect(fromSshConfig('pc', { file: config })).rejects.toThrow(/User, or user@ .* would be right/);
  expect(() => fromAirflowConnection({ host: 'h' })).toThrow(/connection.login: missing/);
  const options = {
    host: '127.0.0.1',
    port: 1,
    username: 'u',
    retry: false,
    hostKey: 'insecure-accept-any',
  } as const;
  await expect(connectViaGateway({ ...options, privateKeyPath: '~/id' })).rejects.toThrow(
    /privateKeyPath: ~ given, but this process has no home folder/,
  );
});

it('uses the user name of the environment', () => {
  expect(accountName()).toBeUndefined();
  vi.stubEnv('USER', 'kim');
  expect(accountName()).toBe('kim');
  vi.stubEnv('USER', '');
});
