import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectViaGateway } from '../../src/index.ts';
import { type Account, makeAccount } from './servers/account.ts';
import { folderFor, servers } from './servers/servers.ts';

let account: Account;
beforeAll(async () => {
  account = await makeAccount();
});
afterAll(() => account[Symbol.asyncDispose]());

/**
 * rclone makes no links; MySecureShell is not told apart from the sshd before it. Go's compiler takes its time, and so its
 * server is tried by the matrix alone.
 */
const names = ['OpenSSH', 'dropbear', 'AsyncSSH', 'paramiko', 'TinySSH', 'Twisted', 'ProFTPD'];

it.concurrent.each(names)('on %s a symbolic link is made where it was asked for', async (name) => {
  const stored = await folderFor(account, name);
  await using server = await servers[name]!(account, stored);
  const { username, privateKey } = account;
  await using connection = await connectViaGateway({
    ...{ host: '127.0.0.1', port: server.port, username, privateKey },
    ...({ hostKey: 'insecure-accept-any', retry: false } as const),
  });
  await using sftp = await connection.sftp();
  await sftp.writeFile(`${server.base}/target`, 'what it points to');
  await sftp.symlink(name === 'Twisted' ? `${server.base}/target` : 'target', `${server.base}/link`);
  expect(await readlink(join(stored, 'link'))).toMatch(/\/?target$/);
  expect(await sftp.readFile(`${server.base}/link`, { encoding: 'utf8' })).toBe('what it points to');
});
