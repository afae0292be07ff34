import { execFileSync, spawnSync } from 'node:child_process';
import { lstat, readdir, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { lastingTempName } from '../../src/sftp/names/temp-name.ts';
import { type Sshd, startSshd } from '../support/sshd.ts';

const connect = ({ host, port, username, privateKey, hostPublicKey }: Sshd) =>
  connectViaGateway({ host, port, username, privateKey, hostKey: { key: hostPublicKey } });

function makePipe(folder: string): string {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', ['-m', '666', pipe]);
  return pipe;
}

it.each([true, false])(
  'refuses to upload onto a pipe of the server, and leaves it there (atomic: %s)',
  async (atomic) => {
    await using sshd = await startSshd();
    const pipe = makePipe(sshd.home);
    await using connection = await connect(sshd);
    await expect(connection.upload(Buffer.from('new'), pipe, { atomic })).rejects.toMatchObject({
      code: 'SSH_TRANSFER_FAILED',
      message: expect.stringContaining('a device, pipe or socket is there'),
    });
    expect((await lstat(pipe)).isFIFO()).toBe(true);
    expect(await readdir(sshd.home)).toEqual(['pipe']);
  },
);

it('refuses to download a pipe or a device at once, and leaves no process of the server waiting in it', async () => {
  await using sshd = await startSshd();
  const pipe = makePipe(sshd.home);
  await using connection = await connect(sshd);
  const target = join(sshd.home, 'copy');
  await expect(connection.download(pipe, target)).rejects.toMatchObject({
    code: 'SSH_TRANSFER_FAILED',
    reason: 'it is a named pipe (FIFO), not a file',
  });
  await expect(connection.download('/dev/null', target)).rejects.toMatchObject({
    reason: 'it is a character device, not a file',
  });
  await expect(connection.download(sshd.home, target)).rejects.toMatchObject({
    message: expect.stringContaining('it is a named pipe (FIFO), not a file; leave it out'),
  });
  await connection.close();
  await expect.poll(() => processesOf(sshd.username), { timeout: 10_000 }).toEqual([]);
});

it('says which remote folder is missing for an upload', async () => {
  await using sshd = await startSshd();
  await using connection = await connect(sshd);
  await writeFile(join(sshd.home, 'file'), 'x');
  for (const [folder, reason] of [
    ['none/deeper', 'does not exist on the server'],
    ['file', 'is not a folder'],
  ] as const) {
    const path = join(sshd.home, folder, 'in.json');
    await expect(connection.upload(Buffer.from('x'), path)).rejects.toMatchObject({
      path,
      reason: expect.stringMatching(`"${join(sshd.home, folder)}".* ${reason}`),
    });
  }
});

it('removes what an upload left that died days ago, and nothing younger', async () => {
  await using sshd = await startSshd();
  await using connection = await connect(sshd);
  const [old, young] = [join(sshd.home, 'old'), join(sshd.home, 'young')];
  const now = Date.now() / 1000;
  for (const [path, age] of [
    [old, 48 * 3_600],
    [young, 3_600],
  ] as const) {
    await writeFile(lastingTempName(path), 'a beginning');
    await utimes(lastingTempName(path), now - age, now - age);
    await connection.upload(Buffer.from('x'), path, { preserve: true, verify: 'sha256' });
  }
  expect((await readdir(sshd.home)).sort()).toEqual([basename(lastingTempName(young)), 'old', 'young']);
});

function processesOf(user: string): string[] {
  const { stdout } = spawnSync('ps', ['-u', user, '-o', 'args='], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line !== '');
}
