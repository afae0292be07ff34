import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, vi } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import type { ConnectOptions } from '../../src/options/types.ts';
import { type KeyFolder, keyFolder } from '../support/certificates.ts';
import { failureOf } from '../support/outcome.ts';
import { type Sshd, startSshd } from '../support/sshd.ts';

const run = promisify(execFile);

// sshd's own words for a session that is requested behind the login, at its most talkative.
const talkative = 'LogLevel DEBUG3';

function login(sshd: Sshd, options: Partial<ConnectOptions> = {}): ConnectOptions {
  const { host, port, username, privateKey, hostPublicKey } = sshd;
  return { host, port, username, privateKey, hostKey: { key: hostPublicKey }, retry: false, ...options };
}

/** That it has read the requests in turn, in whichever of its processes. */
function isIntact(sshd: Sshd): void {
  expect(sshd.log()).not.toMatch(/Bad packet|Corrupted|incorrect signature|protocol error.*type 9[0-9]/i);
}

const countOf = (sshd: Sshd, what: RegExp) => sshd.log().match(what)?.length ?? 0;

it('opens one session for the first command, behind the login', async () => {
  await using sshd = await startSshd({ config: [talkative] });
  await using connection = await connectViaGateway(login(sshd));
  expect((await connection.exec('echo in')).stdout).toBe('in\n');
  await vi.waitFor(() => expect(countOf(sshd, /ctype session rchan/g)).toBe(1));
  isIntact(sshd);
});

it('does so for root as well, whose session is served by the process that was there before', async () => {
  await using sshd = await startSshd({ config: [talkative], user: 'root' });
  for (let n = 0; n < 5; n++) {
    await using connection = await connectViaGateway(login(sshd));
    expect((await connection.exec('echo in')).stdout).toBe('in\n');
  }
  isIntact(sshd);
});

it('is told that a refused login takes none along, and asks again after the second', async () => {
  await using sshd = await startSshd({ config: [talkative] });
  await using folder: KeyFolder = await keyFolder();
  const privateKeyPath = [await folder.key('stranger'), sshd.privateKeyPath];
  await using connection = await connectViaGateway({ ...login(sshd), privateKey: undefined, privateKeyPath });
  expect((await connection.exec('echo in')).stdout).toBe('in\n');
  await vi.waitFor(() => expect(sshd.log()).toMatch(/dispatch_protocol_error: type 90/));
  expect(countOf(sshd, /ctype session rchan/g)).toBe(1);
});

it('enters by two methods, of which the first is but a part', async () => {
  await using sshd = await startSshd({
    config: [talkative, 'PasswordAuthentication yes', 'AuthenticationMethods publickey,password'],
  });
  await run('bash', ['-c', `echo '${sshd.username}:rpa-word' | chpasswd`]);
  await using connection = await connectViaGateway(login(sshd, { password: 'rpa-word' }));
  expect((await connection.exec('echo in')).stdout).toBe('in\n');
});

it('logs in with a password alone', async () => {
  await using sshd = await startSshd({ config: [talkative, 'PasswordAuthentication yes'] });
  await run('bash', ['-c', `echo '${sshd.username}:rpa-word' | chpasswd`]);
  await using connection = await connectViaGateway(
    login(sshd, { privateKey: undefined, password: 'rpa-word' }),
  );
  expect((await connection.exec('echo in')).stdout).toBe('in\n');
  await vi.waitFor(() => expect(countOf(sshd, /ctype session rchan/g)).toBe(1));
  isIntact(sshd);
});

it('runs the command of an account whose password has expired as before', async () => {
  await using sshd = await startSshd({ config: ['PasswordAuthentication yes', 'UsePAM yes'] });
  await run('bash', ['-c', `echo '${sshd.username}:rpa-word' | chpasswd`]);
  await run('chage', ['-d', '0', sshd.username]);
  const outcomes = [];
  for (const maxSessions of [1, undefined]) {
    const options = login(sshd, { privateKey: undefined, password: 'rpa-word', maxSessions });
    try {
      await using connection = await connectViaGateway(options);
      const { exitCode, stdout, stderr } = await connection.exec('echo in', { reject: false });
      outcomes.push({ exitCode, stdout, stderr });
    } catch (error) {
      outcomes.push({ code: (error as { code?: string }).code });
    }
  }
  // The first of them asks for no session early.
  expect(outcomes[1]).toEqual(outcomes[0]);
});

it('says that the account may have no session, and forwards for it', async () => {
  await using sshd = await startSshd({ config: ['MaxSessions 0'] });
  await using connection = await connectViaGateway(login(sshd));
  const { error } = await failureOf(connection.exec('true'));
  expect(error).toMatchObject({ code: 'SSH_CHANNEL_OPEN_FAILED', reasonCode: 2 });
  const stream = await connection.openStream({ host: sshd.host, port: sshd.port });
  stream.destroy();
  await using again = await connectViaGateway(login(sshd));
  expect((await failureOf(again.exec('true'))).error.code).toBe('SSH_CHANNEL_OPEN_FAILED');
});

it('is content with MaxSessions 1, whatever comes first', async () => {
  await using sshd = await startSshd({ config: ['MaxSessions 1'] });
  await using first = await connectViaGateway(login(sshd));
  expect((await first.exec('echo in')).stdout).toBe('in\n');
  await using second = await connectViaGateway(login(sshd));
  await second.upload(Buffer.from('content'), `${sshd.home}/file`);
  expect(await readFile(join(sshd.home, 'file'), 'utf8')).toBe('content');
  expect((await second.exec('echo in')).stdout).toBe('in\n');
});

it('runs the forced command of a key', async () => {
  await using sshd = await startSshd();
  const file = join(dirname(sshd.privateKeyPath), 'authorized_keys');
  await writeFile(file, `restrict,command="echo forced" ${await readFile(file, 'utf8')}`);
  await using connection = await connectViaGateway(login(sshd));
  expect((await connection.exec('echo in')).stdout).toBe('forced\n');
});

it('asks for none early where what we send would be compressed from the success on', async () => {
  await using sshd = await startSshd({ config: [talkative, 'Compression delayed'] });
  const algorithms = { compress: ['zlib@openssh.com'] };
  for (let n = 0; n < 3; n++) {
    await using connection = await connectViaGateway(login(sshd, { algorithms }));
    expect((await connection.exec('echo in')).stdout).toBe('in\n');
  }
  isIntact(sshd);
});

it('leaves nothing with an sshd whose clients come and go at once', async () => {
  await using sshd = await startSshd({ config: [talkative] });
  for (let n = 0; n < 10; n++) await (await connectViaGateway(login(sshd))).close();
  await Promise.all(
    Array.from({ length: 10 }, async (_, n) => {
      const stop = new AbortController();
      setTimeout(() => stop.abort(new Error('enough')), 5 * n);
      await connectViaGateway(login(sshd, { signal: stop.signal })).then(
        (connection) => connection.close(),
        () => {},
      );
    }),
  );
  isIntact(sshd);
  await using connection = await connectViaGateway(login(sshd));
  expect((await connection.exec('echo in')).stdout).toBe('in\n');
});
