import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test, vi } from 'vitest';
import type { ProgramInput } from '../../src/cli/io.ts';
import { type MockUser, startMockServer } from '../../src/mock-server/index.ts';
import { openSshKey } from '../support/private-keys.ts';
import { addressOf, type RunOptions, run } from './run.ts';
import { startWorld } from './world.ts';

const { public: publicKey, private: encrypted } = openSshKey({ passphrase: 'swordfish' });
const byPassword: MockUser = { username: 'jumper', password: 'hunter2' };
const byKey: MockUser = { username: 'jumper', publicKeys: [publicKey] };

/** How a secret of the jump host is given. */
interface Way {
  /** Written to a file, whose path is `FILE`. */
  file?: string;
  args?: readonly string[];
  env?: Record<string, string>;
  /** What is asked, and typed. */
  asked?: readonly [question: RegExp, answer: string];
}

/** A command on a PC behind a jump host that has this account. */
async function behind(user: MockUser, { file, args = [], env = {}, asked }: Way) {
  await using world = await startWorld({ exec: { x: { stdout: 'ok' } } });
  await using jump = await startMockServer({ users: [user] });
  const path = join(world.folder, 'secret');
  await writeFile(path, file ?? '', { mode: 0o600 });
  await writeFile(join(world.folder, 'key'), encrypted, { mode: 0o600 });
  const place = (word: string) => word.replace('FILE', path).replace('KEY', join(world.folder, 'key'));
  const way = ['-J', `jumper@${addressOf(jump)}`, '--jump-host-key', jump.hostKey.fingerprint];
  const input: ProgramInput & PassThrough = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: () => {},
  });
  const options: RunOptions = { env, ...(asked ? { input } : {}) };
  const running = run(
    ['exec', '-n', ...world.flags, ...way, ...args.map(place), world.address, 'x'],
    options,
  );
  if (asked) {
    await vi.waitFor(() => expect(running.stderrSoFar).toMatch(asked[0]));
    input.write(`${asked[1]}\r`);
  }
  const { stdout, stderr, exitCode } = await running;
  return { stdout: stdout.toString(), stderr, exitCode };
}

const key = ['--jump-identity', 'KEY'];

test.each<[string, MockUser, Way]>([
  ['a password in a file', byPassword, { file: 'hunter2\n', args: ['--jump-password-file', 'FILE'] }],
  ['a password in the environment', byPassword, { env: { SSH_VIA_GATEWAY_JUMP_PASSWORD: 'hunter2' } }],
  [
    'a password that is asked for',
    byPassword,
    { args: ['--ask-jump-password'], asked: [/password of the jump hosts: /, 'hunter2'] },
  ],
  [
    'a passphrase in a file',
    byKey,
    { file: 'swordfish\n', args: [...key, '--jump-passphrase-file', 'FILE'] },
  ],
  [
    'a passphrase in the environment',
    byKey,
    { args: key, env: { SSH_VIA_GATEWAY_JUMP_PASSPHRASE: 'swordfish' } },
  ],
  [
    'a passphrase that is asked for',
    byKey,
    {
      args: [...key, '--ask-jump-passphrase'],
      asked: [/passphrase of the jump hosts' private key: /, 'swordfish'],
    },
  ],
])('%s of a jump host, shown nowhere', async (_what, user, way) => {
  const { stdout, stderr, exitCode } = await behind(user, way);
  expect({ stdout, exitCode }).toEqual({ stdout: 'ok', exitCode: 0 });
  expect(stderr).not.toMatch(/hunter2|swordfish/);
});

test.each<[string, MockUser, Way, number, RegExp]>([
  [
    "the password of the PC is not the jump host's",
    byPassword,
    { env: { SSH_VIA_GATEWAY_PASSWORD: 'hunter2' } },
    255,
    /AuthenticationFailed.*\(jump 1 of 1/,
  ],
  [
    'a wrong password',
    byPassword,
    { env: { SSH_VIA_GATEWAY_JUMP_PASSWORD: 'letmein1' } },
    255,
    /AuthenticationFailed.*\(jump 1 of 1/,
  ],
  [
    'no passphrase',
    byKey,
    { args: key },
    2,
    /is encrypted, and its passphrase is missing\n +hint: --ask-jump-passphrase/,
  ],
  [
    'a wrong passphrase',
    byKey,
    { args: key, env: { SSH_VIA_GATEWAY_JUMP_PASSPHRASE: 'letmein1' } },
    2,
    /the passphrase is wrong for the private key .*key\n/,
  ],
])('%s: says so, of the jump host', async (_what, user, way, exitCode, says) => {
  const outcome = await behind(user, way);
  expect(outcome).toMatchObject({ exitCode, stderr: expect.stringMatching(says) });
  expect(outcome.stderr).not.toMatch(/hunter2|letmein1/);
});
