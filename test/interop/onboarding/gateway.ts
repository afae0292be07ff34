import { execFile } from 'node:child_process';
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { startOnboardingWorld } from '../../support/onboarding-world.ts';

/** `setup gateway`, on the gateway itself. */
export function gatewayTests(): void {
  const execute = promisify(execFile);

  /** The first line of a server. */
  function bannerOf(port: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1').once('error', reject);
      socket.once('data', (data) => {
        socket.destroy();
        resolve(data.toString().trim());
      });
    });
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
      await new Promise((resolve) => running.once('data', resolve));
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
      expect((await execute('getent', ['passwd'])).stdout).not.toContain('check-tunnels');
    });

    it('says what else in the configuration wins', async () => {
      await using world = await startOnboardingWorld();
      const other = join(world.dropIns, '05-other.conf');
      await writeFile(other, 'Match User *\n  ClientAliveInterval 7\n');
      const { exitCode, err } = await world.setupGateway('--apply');
      expect(exitCode).toBe(1);
      expect(err).toMatch(/instead of "clientaliveinterval 15" it would use "clientaliveinterval 7"/);
      expect(await readdir(world.dropIns)).toEqual(['05-other.conf']);
      expect(await readFile('/etc/group', 'utf8')).not.toMatch(/^tunnels:/m);
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
