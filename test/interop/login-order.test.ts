import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import type { ConnectOptions } from '../../src/options/types.ts';
import { type KeyFolder, keyFolder } from '../support/certificates.ts';
import { failureOf } from '../support/outcome.ts';
import { type Sshd, type SshdOptions, startSshd } from '../support/sshd.ts';

const run = promisify(execFile);
let folder: KeyFolder;

beforeAll(async () => {
  folder = await keyFolder();
});
afterAll(() => folder?.[Symbol.asyncDispose]());

const server = (config: string[], options: SshdOptions = {}) => startSshd({ ...options, config });

function target({ host, port, username, hostPublicKey }: Sshd): ConnectOptions {
  return { host, port, username, hostKey: { key: hostPublicKey }, retry: false };
}

describe('what is tried at a real sshd', () => {
  it('is each RSA key once, before any a second time, so that MaxAuthTries is enough', async () => {
    await using sshd = await server([], { user: 'root' });
    const rsa = await Promise.all([1, 2, 3, 4].map((i) => folder.key(`rsa${i}`, '-t', 'rsa', '-b', '2048')));
    const privateKeyPath = [...rsa, sshd.privateKeyPath];
    await using connection = await connectViaGateway({ ...target(sshd), privateKeyPath });
    expect(connection.serverVersion).toContain('OpenSSH');
    // sshd's log comes by a pipe.
    await vi.waitFor(() => expect(sshd.log().match(/Accepted publickey/g)).toHaveLength(1));
  });

  it('is nothing at all, in the end: an account without a password is entered as by ssh', async () => {
    await using sshd = await server(['PasswordAuthentication yes', 'PermitEmptyPasswords yes']);
    await run('passwd', ['-d', sshd.username]);
    const privateKeyPath = await folder.key('stranger');
    await using connection = await connectViaGateway({ ...target(sshd), privateKeyPath });
    expect((await connection.exec('echo in')).stdout).toBe('in\n');
    await vi.waitFor(() => expect(sshd.log()).toMatch(/Accepted none for/));
  });

  it('tells a refused login as such where that last question is one too many', async () => {
    await using sshd = await server(['MaxAuthTries 2'], { user: 'root' });
    const privateKeyPath = await folder.key('refused');
    const { error } = await failureOf(connectViaGateway({ ...target(sshd), privateKeyPath }));
    expect(error).toMatchObject({ code: 'SSH_AUTHENTICATION_FAILED' });
    expect(error['methodsTried']).toEqual([expect.stringMatching(/^publickey \(ssh-ed25519/)]);
    expect(error.hint).toMatch(/^Wrong account/);
  });

  it('is told truly where too many keys of files were shown', async () => {
    await using sshd = await server(['MaxAuthTries 3'], { user: 'root' });
    const privateKeyPath = await Promise.all([1, 2, 3, 4].map((i) => folder.key(`many${i}`)));
    const { error } = await failureOf(connectViaGateway({ ...target(sshd), privateKeyPath }));
    expect(error.hint).toMatch(/^The server accepts only a few keys \(MaxAuthTries.*and there are more/);
  });
});
