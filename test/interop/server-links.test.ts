import { mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectViaGateway } from '../../src/index.ts';
import { type Account, makeAccount, run } from './servers/account.ts';
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
const tried = ['OpenSSH', 'dropbear', 'AsyncSSH', 'paramiko', 'TinySSH', 'Twisted', 'ProFTPD'];

it.concurrent.each(tried)('on %s symbolic links are made, and followed', async (name) => {
  const stored = await folderFor(account, name);
  await using server = await servers[name]!(account, stored);
  const { base } = server;
  const { username, privateKey } = account;
  const connect = () =>
    connectViaGateway({
      ...{ host: '127.0.0.1', port: server.port, username, privateKey },
      ...({ hostKey: 'insecure-accept-any', retry: false } as const),
    });
  await using first = await connect();
  await using sftp = await first.sftp();
  await sftp.writeFile(`${base}/target`, 'what it points to');
  await sftp.symlink(name === 'Twisted' ? `${base}/target` : 'target', `${base}/link`);
  expect(await readlink(join(stored, 'link'))).toMatch(/\/?target$/);
  expect(await sftp.readFile(`${base}/link`, { encoding: 'utf8' })).toBe('what it points to');

  const folder = join(stored, 'folder');
  await mkdir(join(folder, 'sub'), { recursive: true });
  await writeFile(join(folder, 'sub', 'file'), 'as it was');
  for (const [path, target] of Object.entries({ sub2: 'sub', second: 'sub2/file', first: 'second' }))
    await symlink(target, join(folder, path));
  await run('chown', ['-hR', `${username}:`, folder]);
  const got = join(account.folder, `got-${name}`);
  // One each: TinySSH allows one session per connection.
  await using second = await connect();
  await second.download(`${base}/folder`, got);
  const names = await readdir(got, { recursive: true });
  expect(names.sort()).toEqual(['first', 'second', 'sub', 'sub/file', 'sub2', 'sub2/file']);
  expect(await readFile(join(got, 'first'), 'utf8')).toBe('as it was');
  await using third = await connect();
  await third.upload(Readable.from(['replaced']), `${base}/folder/first`);
  expect(await readFile(join(folder, 'sub', 'file'), 'utf8')).toBe('replaced');
  expect(await readlink(join(folder, 'first'))).toBe('second');

  await using fourth = await connect();
  await symlink('..', join(folder, 'up'));
  await expect(fourth.download(`${base}/folder`, `${got}-up`)).rejects.toThrow(/is a link that leads out/);
});
