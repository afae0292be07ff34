import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { type OnboardingWorld, startOnboardingWorld } from '../../support/onboarding-world.ts';
import { freePort } from '../../support/sshd.ts';
import { within } from '../../support/within.ts';

/** `setup gateway`, on the gateway itself. */
export function gatewayTests(): void {
  const execute = promisify(execFile);

  /** The first line of a server. */
  async function bannerOf(port: number): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    try {
      const [data] = await within(`the banner of port ${port}`, once(socket, 'data'));
      return String(data).trim();
    } finally {
      socket.destroy();
    }
  }

  describe('setup gateway', () => {
    it('shows what would change, does it with --apply, and has nothing to do the second time', async () => {
      await using world = await startOnboardingWorld();
      const shown = await world.setupGateway();
      expect(shown).toMatchObject({ exitCode: 0, err: expect.stringContaining('--apply does it') });
      expect(shown.out).toMatch(/^\+ group tunnels$/m);
      expect(shown.out).toMatch(/^\+Match Group tunnels$/m);
      expect(await readdir(world.dropIns)).toEqual([]);

      const running = connect(world.port, '127.0.0.1');
      await within('the banner', once(running, 'data'));
      const done = await world.setupGateway('--apply', '--client-alive', '120x3');
      expect(done).toMatchObject({
        exitCode: 0,
        err: expect.stringMatching(/wrote .*10-ssh-via-gateway\.conf and reloaded sshd/),
      });
      expect(await bannerOf(world.port)).toMatch(/^SSH-2\.0-OpenSSH/);
      expect(world.log()).toContain('Received SIGHUP');
      // Who was there before the reload still is.
      expect(running.destroyed).toBe(false);
      running.destroy();

      const again = await world.setupGateway('--apply', '--client-alive', '120x3');
      expect(again).toMatchObject({ exitCode: 0, out: 'this machine: all is as it should be\n' });
      expect(await readdir(world.dropIns)).toEqual(['10-ssh-via-gateway.conf']);

      const changed = await world.setupGateway('--client-alive', '30x3');
      expect(changed.out).toMatch(/^- {2}ClientAliveInterval 120$/m);
      expect(changed.out).toMatch(/^\+ {2}ClientAliveInterval 30$/m);
      const { err } = await world.setupGateway('--apply', '--client-alive', '30x3');
      const [, kept = ''] = /kept the old one as (\S+)/.exec(err) ?? [];
      expect(await readFile(kept, 'utf8')).toContain('ClientAliveInterval 120');
      expect(err.match(/kept the old one/g)).toHaveLength(1);
    });

    it('brings the old settings back when sshd does not take the new ones, and sshd still answers', async () => {
      await using world = await startOnboardingWorld();
      await world.setupGateway('--apply');
      const before = await readFile(join(world.dropIns, '10-ssh-via-gateway.conf'), 'utf8');
      // A sshd that knows one of the keywords not: an older one.
      const sshd = join(world.folder, 'older-sshd');
      await writeFile(
        sshd,
        `#!/bin/sh\nif [ "$1" = -t ] && grep -qs StreamLocalBindUnlink ${world.dropIns}/*; then echo "Bad configuration option: StreamLocalBindUnlink" >&2; exit 255; fi\nexec /usr/sbin/sshd "$@"\n`,
      );
      await chmod(sshd, 0o755);
      const failed = await world.setupGateway('--apply', '--layout', 'socket', '--sshd', sshd);
      expect(failed.exitCode).toBe(1);
      expect(failed.err).toMatch(/the old ones are back: Bad configuration option: StreamLocalBindUnlink/);
      expect(await readFile(join(world.dropIns, '10-ssh-via-gateway.conf'), 'utf8')).toBe(before);
      expect(await readFile('/etc/group', 'utf8')).not.toContain('tunnel-workers');
      expect(await bannerOf(world.port)).toMatch(/^SSH-2\.0-/);

      const unloaded = await world.setupGateway(
        '--apply',
        '--client-alive',
        '99x3',
        '--reload',
        'echo no such unit; false',
      );
      expect(unloaded.err).toMatch(/could not be reloaded; the old settings are back: no such unit/);
      expect(await readFile(join(world.dropIns, '10-ssh-via-gateway.conf'), 'utf8')).toBe(before);

      // A reload that does not end is ended: it goes through timeout, which here ends it at once.
      const bin = join(world.folder, 'bin');
      await mkdir(bin);
      await writeFile(join(bin, 'timeout'), '#!/bin/sh\nexit 124\n', { mode: 0o755 });
      vi.stubEnv('PATH', `${bin}:${process.env['PATH']}`);
      const endless = await world.setupGateway('--apply', '--client-alive', '97x3', '--reload', 'sleep 999');
      vi.unstubAllEnvs();
      expect(endless.err).toMatch(/could not be reloaded; the old settings are back: no answer/);
      expect(await readFile(join(world.dropIns, '10-ssh-via-gateway.conf'), 'utf8')).toBe(before);

      // Stopped by its own reload: it is noticed.
      const gone = await world.setupGateway(
        '--apply',
        '--client-alive',
        '98x3',
        '--reload',
        `kill -STOP $(cat ${world.folder}/sshd.pid)`,
      );
      await execute('sh', ['-c', `kill -CONT $(cat ${world.folder}/sshd.pid)`]);
      expect(gone.err).toMatch(/does not answer any more; the old settings are back/);
      expect(await readFile(join(world.dropIns, '10-ssh-via-gateway.conf'), 'utf8')).toBe(before);
      expect(await bannerOf(world.port)).toMatch(/^SSH-2\.0-/);
      expect((await execute('getent', ['passwd'])).stdout).not.toContain('tunnel-check');
    });

    /** A sshd that does something to the script that asks what it would do for an account of the group. */
    async function sshdThat(world: OnboardingWorld, what: string): Promise<string> {
      const sshd = join(world.folder, 'interrupting-sshd');
      const text = `#!/bin/sh\ncase "$*" in *user=tunnel-check-*) ${what} ;; esac\nexec /usr/sbin/sshd "$@"\n`;
      await writeFile(sshd, text, { mode: 0o755 });
      return sshd;
    }
    const dropIn = '10-ssh-via-gateway.conf';
    const passwd = () => readFile('/etc/passwd', 'utf8');

    it('killed in the middle: the next run takes that back, and does all of it', async () => {
      await using world = await startOnboardingWorld();
      await world.setupGateway('--apply');
      const before = await readFile(join(world.dropIns, dropIn), 'utf8');
      const other = ['--apply', '--client-alive', '77x3'];
      const killed = await world.setupGateway(...other, '--sshd', await sshdThat(world, 'kill -KILL $PPID'));
      expect(killed).toMatchObject({
        exitCode: 1,
        err: expect.stringContaining('ended before its end'),
      });
      // Its settings lie there, and no sshd has read them.
      expect(await readFile(join(world.dropIns, dropIn), 'utf8')).not.toBe(before);
      expect(await passwd()).toContain('tunnel-check-');

      // The next one fails, too: what was there in the beginning is back.
      const failed = await world.setupGateway(...other, '--reload', 'false');
      expect(failed.err).toContain('the old settings are back');
      expect(await readFile(join(world.dropIns, dropIn), 'utf8')).toBe(before);
      expect(await passwd()).not.toContain('tunnel-check-');

      await world.setupGateway(...other, '--sshd', await sshdThat(world, 'kill -KILL $PPID'));
      const reloads = () => world.log().split('Received SIGHUP').length;
      const reloadsBefore = reloads();
      const done = await world.setupGateway(...other);
      expect(done).toMatchObject({ exitCode: 0, out: expect.stringContaining('a set-up was interrupted') });
      expect(done.err).toContain('took back what an interrupted set-up had begun');
      expect(reloads()).toBe(reloadsBefore + 1);
      expect(await passwd()).not.toContain('tunnel-check-');
      expect((await world.setupGateway(...other)).out).toContain('all is as it should be');
      expect(await readdir(world.dropIns)).toEqual([dropIn]);
    });

    it('takes away what a run that was ended by force has left, and no copy that somebody made', async () => {
      await using world = await startOnboardingWorld();
      const names = ['backup', 'ssh-via-gateway.a1B2c3'].map((end) => `${dropIn}.${end}`);
      for (const name of names) await writeFile(join(world.dropIns, name), 'x');
      await world.setupGateway('--apply');
      expect((await readdir(world.dropIns)).sort()).toEqual([dropIn, names[0]]);
    });

    it('interrupted in the middle (Ctrl-C): nothing is left', async () => {
      await using world = await startOnboardingWorld();
      const { exitCode } = await world.setupGateway(
        '--apply',
        '--sshd',
        await sshdThat(world, 'kill -INT $PPID'),
      );
      expect(exitCode).toBe(1);
      expect(await readdir(world.dropIns)).toEqual([]);
      expect(await readFile('/etc/group', 'utf8')).not.toMatch(/^tunnels:/m);
      expect(await passwd()).not.toContain('tunnel-check-');
      expect(await readdir('/var/lib/ssh-via-gateway')).toEqual(['lock']);
    });

    it('two at once: one after the other, and all is as it should be', async () => {
      await using world = await startOnboardingWorld();
      const both = await Promise.all([world.setupGateway('--apply'), world.setupGateway('--apply')]);
      expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
      expect((await world.setupGateway()).out).toContain('all is as it should be');
      expect(await readdir('/var/lib/ssh-via-gateway')).not.toContain('pending');
    });

    it('who has ended is no session, also when nobody has waited for him', async () => {
      const { library } = await import('../../../src/setup/gateway/scripts.generated.ts');
      const child = spawn('setpriv', [
        ...['--reuid', '54321', '--clear-groups', '--pdeathsig', 'KILL'],
        ...['sh', '-c', 'sleep 0.3 & echo $!; exec sleep 60'],
      ]);
      try {
        const [said] = await within('the pid of the one to end', once(child.stdout, 'data'));
        const zombie = Number(said);
        await vi.waitFor(async () => {
          expect(await readFile(`/proc/${zombie}/status`, 'utf8')).toMatch(/^State:\tZ/m);
          expect(await readFile(`/proc/${child.pid}/cmdline`, 'utf8')).toMatch(/^sleep/);
        });
        const { stdout } = await execute('sh', ['-c', `${library}\nprocesses_of 54321`]);
        expect(stdout).toBe(`${child.pid}\n`);
      } finally {
        child.kill('SIGKILL');
      }
    });

    it.each(['User *', 'User tunnel-*', 'Group tunnels', 'User kim,tunnel-?*'])(
      'says what else in the configuration wins: Match %s',
      async (whom) => {
        await using world = await startOnboardingWorld();
        const other = join(world.dropIns, '05-other.conf');
        await writeFile(other, `Match ${whom}\n  ClientAliveInterval 7\n`);
        const { exitCode, err } = await world.setupGateway('--apply');
        expect(exitCode).toBe(1);
        expect(err).toMatch(/instead of "clientaliveinterval 15" it would use "clientaliveinterval 7"/);
        expect(await readdir(world.dropIns)).toEqual(['05-other.conf']);
        expect(await readFile('/etc/group', 'utf8')).not.toMatch(/^tunnels:/m);
      },
    );

    it.each([
      [
        'AllowUsers root kim',
        /AllowUsers .* \(add tunnel-\* to it\), so no PC could log in\. The old settings/,
      ],
      ['AllowGroups root', /AllowGroups .* \(add tunnels to it\), so no PC/],
      ['DenyUsers kim tunnel-*', /DenyUsers of sshd fits the accounts tunnel-\*/],
      ['DenyGroups t?nnels', /DenyGroups of sshd fits the group tunnels/],
    ])('says that sshd would keep the tunnels out: %s', async (line, message) => {
      await using world = await startOnboardingWorld(() => [line]);
      const { exitCode, err } = await world.setupGateway('--apply');
      expect({ exitCode, err }).toMatchObject({ exitCode: 1, err: expect.stringMatching(message) });
      expect(await readdir(world.dropIns)).toEqual([]);
    });

    it('says, also when run again, that sshd does not use what is in place', async () => {
      await using world = await startOnboardingWorld();
      await world.say('customers add', '--gateway', `root@127.0.0.1:${world.port}`, '--port', '1', 'nobody');
      expect(await world.setupGateway('--apply')).toMatchObject({ exitCode: 0 });
      const add = ['--local', '--port', String(await freePort())];
      expect(await world.say('setup customer', ...add, world.newCode())).toMatchObject({ exitCode: 0 });
      const other = join(world.dropIns, '05-other.conf');
      await writeFile(other, 'Match all\n  ForceCommand /bin/true\n');
      const reloads = () => world.log().split('Received SIGHUP').length;
      const before = reloads();
      const wins =
        /Something else .* wins: instead of "forcecommand exec \S+" it would use "forcecommand \/bin\/true"\./;
      expect(await world.setupGateway()).toMatchObject({
        exitCode: 1,
        out: '',
        err: expect.stringMatching(wins),
      });
      const again = await world.setupGateway('--apply');
      expect(again).toMatchObject({ exitCode: 1, out: '', err: expect.stringMatching(wins) });
      expect(again.err).toContain('Nothing was changed.');
      await writeFile(other, 'AllowUsers root rpa\n');
      const named =
        /AllowUsers of sshd does not name the accounts tunnel-\* \(add tunnel-\* to it\), so no PC could log in\./;
      for (const how of [[], ['--apply']])
        expect(await world.setupGateway(...how)).toMatchObject({
          exitCode: 1,
          err: expect.stringMatching(named),
        });
      await rm(other);
      for (const how of [[], ['--apply']]) {
        const out = 'this machine: all is as it should be\n';
        expect(await world.setupGateway(...how)).toMatchObject({ exitCode: 0, out, err: '' });
      }
      expect(reloads()).toBe(before);
      expect(await passwd()).not.toContain('tunnel-check');
    });

    it('a list of single accounts: each has to be in it, and who is not is refused', async () => {
      await using world = await startOnboardingWorld();
      const [first, second] = [world.newCode(), world.newCode()];
      await writeFile(join(world.dropIns, '05-list.conf'), `AllowUsers root tunnel-${first}\n`);
      await world.say('customers add', '--gateway', `root@127.0.0.1:${world.port}`, '--port', '1', 'nobody');
      // Nobody is of the group yet.
      expect(await world.setupGateway('--apply')).toMatchObject({
        exitCode: 1,
        err: expect.stringContaining('AllowUsers'),
      });
      await execute('groupadd', ['tunnels']);
      await execute('useradd', ['-M', '-G', 'tunnels', '-c', `ssh-via-gateway ${first}`, `tunnel-${first}`]);
      expect(await world.setupGateway('--apply')).toMatchObject({ exitCode: 0 });
      const add = ['--local', '--port', String(await freePort())];
      const { exitCode, err } = await world.say('setup customer', ...add, second);
      expect({ exitCode, err }).toMatchObject({
        exitCode: 1,
        err: expect.stringContaining(
          `AllowUsers of sshd does not name the account tunnel-${second} (add tunnel-* to it), so its PC could not log in.`,
        ),
      });
      expect(await passwd()).not.toContain(`tunnel-${second}:`);

      // What the file then has is told, and what its PC needs.
      const entry = (...more: string[]) => world.say('setup customer', ...add, ...more, first);
      expect(await entry()).toMatchObject({
        exitCode: 0,
        out: expect.stringContaining('wrote its entry into'),
      });
      const other = await entry('--login', 'kim');
      expect(other.out).toContain(`; the script of its PC is for rpa: setup pc ${first} makes another`);
      expect(await entry('--login', 'kim')).toMatchObject({
        out: `${first}: all is as it should be\n${first}: waits for the PC's key. Next: ssh-via-gateway setup pc ${first}\n`,
      });

      const third = world.newCode();
      await execute('useradd', ['-M', '-G', 'tunnels', `tunnel-${third}`]);
      const refused = await world.say('setup customer', '--local', '--port', '40000', third);
      expect(refused.err).toContain(`The account tunnel-${third} exists and was not made for a customer`);
      expect(refused.err).toContain('1024 to 32767 is safe');
    });

    it('takes lists that let the tunnels in, and lets no other setting for everybody stand in their way', async () => {
      const lists = [
        'AllowUsers root tunnel-*@127.0.0.0/8',
        'AllowGroups root tunnels',
        'DenyUsers tunnel-*@192.0.2.9',
      ];
      const others = ['DisableForwarding yes', 'PermitListen none', 'AuthorizedKeysFile /etc/ssh/keys/%u'];
      const logins = ['PubkeyAuthentication no', 'KbdInteractiveAuthentication yes', 'ChrootDirectory /srv'];
      logins.push('AuthorizedKeysCommand /bin/false', 'AuthorizedKeysCommandUser nobody');
      await using world = await startOnboardingWorld(() => [
        ...[...lists, ...others, ...logins, 'AuthenticationMethods keyboard-interactive'],
      ]);
      expect(await world.setupGateway('--apply')).toMatchObject({ exitCode: 0 });
      const gateway = `root@127.0.0.1:${world.port}`;
      await world.say('customers add', '--gateway', gateway, '--port', '1', 'nobody');
      const [code, port, key] = [world.newCode(), await freePort(), join(world.folder, 'key')];
      await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
      const add = ['--local', '--port', String(port), '--key-file', `${key}.pub`, code];
      expect(await world.say('setup customer', ...add)).toMatchObject({ exitCode: 0 });
      const options = ['BatchMode=yes', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null'];
      const tunnel = spawn('timeout', [
        ...['20', 'ssh', '-F', 'none', '-n', '-i', key, '-p', String(world.port)],
        ...[...options, 'ExitOnForwardFailure=yes'].flatMap((option) => ['-o', option]),
        ...['-R', `*:${port}:127.0.0.1:${world.port}`, `tunnel-${code}@127.0.0.1`, 'hold', String(port)],
      ]);
      world.adopt(tunnel);
      await vi.waitFor(async () => expect(await bannerOf(port)).toMatch(/^SSH-2\.0-/), 15_000);
    });

    it.each([
      [
        'a configuration that is wrong already',
        async (folder: string) => writeFile(`${folder}/sshd_config.d/x.conf`, 'Nonsense 1\n'),
        /wrong already, before anything was changed: .*Nonsense/,
      ],
      [
        'no Include',
        async (folder: string) => writeFile(`${folder}/sshd_config`, `HostKey ${folder}/host\n`),
        /includes no folder of settings.*Include \/etc\/ssh/,
      ],
      [
        'no folder',
        (folder: string) => rm(`${folder}/sshd_config.d`, { recursive: true }),
        /does not exist. Make it: mkdir/,
      ],
      [
        'an Include that comes too late',
        async (folder: string) =>
          writeFile(
            `${folder}/sshd_config`,
            `HostKey ${folder}/host\nMatch User x\nInclude ${folder}/sshd_config.d/*.conf\n`,
          ),
        /includes no folder/,
      ],
    ])('%s: an error, and nothing is done', async (_what, spoil, message) => {
      await using world = await startOnboardingWorld();
      await spoil(world.folder);
      const { exitCode, err } = await world.setupGateway('--apply');
      expect({ exitCode, err }).toMatchObject({ exitCode: 1, err: expect.stringMatching(message) });
      expect(await readFile('/etc/group', 'utf8')).not.toMatch(/^tunnels:/m);
    });

    it('needs root', async () => {
      await using world = await startOnboardingWorld();
      const code = world.newCode();
      await execute('useradd', ['-m', '-s', '/bin/sh', `tunnel-${code}`]);
      const { planGateway } = await import('../../../src/setup/gateway/setup-gateway.ts');
      const { defaultGatewaySettings } = await import('../../../src/setup/gateway/settings.ts');
      const shell = {
        name: 'gateway',
        run: async (argv: readonly string[]) => {
          const { stdout, stderr } = await execute('setpriv', [
            '--reuid',
            `tunnel-${code}`,
            '--clear-groups',
            ...argv,
          ]).catch((error: { stdout: string; stderr: string }) => error);
          return { exitCode: 1, stdout, stderr };
        },
      };
      await expect(planGateway(shell, defaultGatewaySettings)).rejects.toThrow(/gateway: Root is needed/);
    });
  });
}
