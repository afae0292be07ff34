import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import type { Step, StepName } from '../../src/cli/doctor/steps.ts';
import { run } from '../cli/run.ts';
import { type Sshd, type SshdOptions, startSshd } from '../support/sshd.ts';

interface Situation extends SshdOptions {
  what: string;
  step: StepName;
  verdict?: 'ok' | 'warn' | 'fail';
  kind?: string;
  exitCode: number;
  todo?: RegExp;
  /** What is done to the account or its home, and how it is undone. */
  prepare?: (sshd: Sshd) => Promise<unknown> | unknown;
  undo?: (sshd: Sshd) => unknown;
  args?: string[];
}

let visitor: Socket | undefined;

const root = (...command: [string, ...string[]]) => execFileSync(command[0], command.slice(1));
const login = { step: 'login', exitCode: 15 } as const;
const exec = { step: 'exec', exitCode: 16 } as const;
const keysOf = ({ privateKeyPath }: Sshd) => join(dirname(privateKeyPath), 'authorized_keys');
const keyOptions = (options: string) => async (sshd: Sshd) =>
  writeFile(keysOf(sshd), `${options} ${await readFile(keysOf(sshd), 'utf8')}`);
const shell = (path: string) => (sshd: Sshd) => root('usermod', '--shell', path, sshd.username);
/** A disk of its own as the home folder. */
const mounted = (options: string) => (sshd: Sshd) => {
  root('mount', '-t', 'tmpfs', '-o', options, 'tmpfs', sshd.home);
  root('chown', `${sshd.username}:`, sshd.home);
};
const unmount = (sshd: Sshd) => root('umount', '--lazy', sshd.home);

const situations: Situation[] = [
  { what: 'a PC that is well', step: 'disk', verdict: 'ok', exitCode: 0 },
  {
    what: 'an account that has expired',
    ...login,
    todo: /journalctl/,
    prepare: ({ username }) => root('chage', '-E', '0', username),
  },
  {
    what: 'an account that is locked',
    ...login,
    kind: 'keyRefused',
    todo: /neither expired nor locked/,
    prepare: ({ username }) => root('usermod', '-p', '!', username),
  },
  {
    what: 'an account that is not among AllowUsers',
    ...login,
    kind: 'keyRefused',
    todo: /journalctl/,
    config: ['AllowUsers root'],
  },
  {
    what: 'a key that is taken from another address only',
    ...login,
    kind: 'keyRefused',
    todo: /from= or expiry-time/,
    prepare: keyOptions('from="192.0.2.1"'),
  },
  {
    what: 'a key that has expired',
    ...login,
    kind: 'keyRefused',
    todo: /from= or expiry-time/,
    prepare: keyOptions('expiry-time="20200101"'),
  },
  {
    what: 'a file of keys that everybody may write',
    ...login,
    kind: 'keyRefused',
    todo: /StrictModes/,
    config: ['StrictModes yes'],
    prepare: (sshd) => chmod(keysOf(sshd), 0o666),
  },
  {
    what: 'a ChrootDirectory that others may write to',
    ...exec,
    kind: 'endedAtCommand',
    todo: /ChrootDirectory/,
    config: ['ChrootDirectory /tmp'],
  },
  {
    what: 'a home folder that is not there',
    step: 'disk',
    verdict: 'warn',
    exitCode: 0,
    kind: 'disk-denied',
    todo: /starts in \//,
    prepare: ({ username }) => root('usermod', '--home', '/nonexistent', username),
  },
  {
    what: 'a second factor',
    ...login,
    kind: 'secondFactor',
    todo: /AuthenticationMethods/,
    config: ['PasswordAuthentication yes', 'AuthenticationMethods publickey,password'],
  },
  {
    what: 'a password that has expired',
    ...exec,
    kind: 'passwordExpired',
    todo: /ssh -t/,
    config: ['UsePAM yes'],
    prepare: ({ username }) => root('chage', '-d', '0', username),
  },
  { what: 'nologin', ...exec, kind: 'nologin', todo: /usermod -s/, prepare: shell('/usr/sbin/nologin') },
  {
    what: 'a login shell that does nothing',
    ...exec,
    kind: 'forced',
    prepare: shell('/bin/false'),
    todo: /login shell that refuses/,
  },
  {
    what: 'an account for SFTP only',
    ...exec,
    kind: 'sftpOnly',
    config: ['ForceCommand internal-sftp'],
    todo: /another account/,
  },
  {
    what: 'a forced command that hangs',
    ...exec,
    kind: 'commandHangs',
    config: ['ForceCommand sleep 60'],
    args: ['--total-timeout', '9s'],
    todo: /profile/,
  },
  {
    what: 'an SFTP program that is not there',
    step: 'sftp',
    exitCode: 17,
    kind: 'sftpEnded',
    config: ['Subsystem sftp /nonexistent/sftp-server'],
    todo: /Subsystem line.*internal-sftp/,
  },
  {
    what: 'an account that is not among AllowUsers, after a notice for the lawyers',
    ...login,
    kind: 'keyRefused',
    todo: /The server says: "Unauthorized access is not allowed".*AllowUsers/,
    config: ['AllowUsers root', 'Banner /tmp/ssh-via-gateway-legal'],
    prepare: () => writeFile('/tmp/ssh-via-gateway-legal', 'Unauthorized access is not allowed\n'),
    undo: () => rmSync('/tmp/ssh-via-gateway-legal'),
  },
  {
    what: 'no sessions',
    ...exec,
    kind: 'sessionRefused',
    config: ['MaxSessions 0'],
    args: ['--total-timeout', '9s'],
    todo: /MaxSessions 0/,
  },
  {
    what: 'too many unfinished logins',
    step: 'banner',
    exitCode: 12,
    kind: 'maxStartups',
    todo: /PerSourceMaxStartups/,
    config: ['MaxStartups 1:100:1'],
    prepare: async ({ host, port }) => {
      // While sshd still counts the connection that asked whether it is up, it refuses this one, too ("Exceeded MaxStartups").
      for (;;) {
        visitor = connect(port, host).on('error', () => {});
        const [greeting] = await Promise.race([once(visitor, 'data'), once(visitor, 'close')]);
        if (String(greeting).startsWith('SSH-')) return;
        await sleep(50);
      }
    },
    undo: () => visitor?.destroy(),
  },
  {
    what: 'a full disk',
    step: 'disk',
    exitCode: 22,
    kind: 'disk-full',
    todo: /Make room/,
    undo: unmount,
    prepare: async (sshd) => {
      mounted('size=64k')(sshd);
      await writeFile(`${sshd.home}/filler`, Buffer.alloc(1 << 20)).catch(() => {});
    },
  },
  {
    what: 'a read-only disk',
    step: 'disk',
    exitCode: 22,
    kind: 'disk-readOnly',
    todo: /fsck/,
    undo: unmount,
    prepare: (sshd) => {
      mounted('size=64k')(sshd);
      root('mount', '-o', 'remount,ro', sshd.home);
    },
  },
  {
    what: 'a home that is not writable',
    step: 'disk',
    verdict: 'warn',
    exitCode: 0,
    kind: 'disk-denied',
    todo: /owner and mode/,
    prepare: ({ home }) => root('chown', 'root:', home),
  },
  {
    what: 'old key exchanges only',
    step: 'keys',
    exitCode: 13,
    kind: 'noCommonKex',
    config: ['KexAlgorithms diffie-hellman-group1-sha1'],
    todo: /algorithms option/,
  },
];

let sshd: Sshd | undefined;
afterEach(async () => {
  await sshd?.close();
  sshd = undefined;
});

test.each(situations)(
  '$what: $step, exit code $exitCode',
  async (one) => {
    const { step: name, verdict = 'fail', kind, todo, exitCode, args = [], prepare, undo, ...options } = one;
    sshd = await startSshd(options);
    const { host, port, username, privateKeyPath, hostPublicKey } = sshd;
    const known = `${privateKeyPath}.known_hosts`;
    await writeFile(known, `[${host}]:${port} ${hostPublicKey}\n`);
    await prepare?.(sshd);
    try {
      const flags = ['--ssh-config', 'none', '--identity', privateKeyPath, '--known-hosts', known, ...args];
      const ended = await run(['doctor', '--json', ...flags, `${username}@${host}:${port}`]);
      const { steps } = JSON.parse(ended.stdout.toString()) as { steps: Step[] };
      const step = steps.find((other) => other.name === name);
      expect(step, JSON.stringify(steps)).toMatchObject({ verdict, ...(kind === undefined ? {} : { kind }) });
      expect(step!.todo ?? '').toMatch(todo ?? /^$/);
      expect(ended.exitCode).toBe(exitCode);
    } finally {
      undo?.(sshd);
    }
  },
  60_000,
);
