import { execFileSync } from 'node:child_process';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { startSshd } from '../support/sshd.ts';

it.each([true, false])(
  'refuses to upload onto a pipe of the server, and leaves it there (atomic: %s)',
  async (atomic) => {
    await using sshd = await startSshd();
    const pipe = join(sshd.home, 'pipe');
    execFileSync('mkfifo', ['-m', '666', pipe]);
    const { host, port, username, privateKey, hostPublicKey } = sshd;
    await using connection = await connectViaGateway({
      ...{ host, port, username, privateKey },
      hostKey: { key: hostPublicKey },
    });
    await expect(connection.upload(Buffer.from('new'), pipe, { atomic })).rejects.toMatchObject({
      code: 'SSH_TRANSFER_FAILED',
      message: expect.stringContaining('a device, pipe or socket is there'),
    });
    expect((await lstat(pipe)).isFIFO()).toBe(true);
    expect(await readdir(sshd.home)).toEqual(['pipe']);
  },
);
