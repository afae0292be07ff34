import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { installTask, removeTask, taskState } from '../../../src/cli/service/scripts.generated.ts';
import { powerShellArgs } from '../../../src/cli/service/windows-task.ts';
import { keepReverseTunnel, loadCustomers, type TunnelEvent } from '../../../src/index.ts';
import { type OnboardingWorld, type Said, startOnboardingWorld } from '../../support/onboarding-world.ts';
import { finish, keyIn, LinuxPc, pwsh } from '../../support/pcs.ts';
import { freePort, type Sshd, startSshd } from '../../support/sshd.ts';
import { within } from '../../support/within.ts';

/** Setting up over SSH, Unix sockets, and the tunnels of Node. */
export function remoteTests(): void {
  let world: OnboardingWorld;
  let pcSshd: Sshd;
  let operator: string[];
  /** What the gateway's set-up said. */
  let setUp: Said;

  beforeAll(async () => {
    world = await startOnboardingWorld((folder) => [
      'PermitRootLogin yes',
      'StrictModes no',
      `AuthorizedKeysFile .ssh/authorized_keys ${folder}/operator.pub`,
    ]);
    const key = join(world.folder, 'operator');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    operator = ['-F', 'none', '-i', key, '--attempts', '1'];
    pcSshd = await startSshd();
    const first = [
      '--known-hosts',
      join(world.folder, 'known_hosts'),
      '--accept-new',
      `root@127.0.0.1:${world.port}`,
    ];
    const args = ['--sshd-config', world.config, '--layout', 'socket', ...operator, ...first];
    setUp = await world.say('setup gateway', '--apply', ...args);
  });
  afterAll(async () => {
    await pcSshd.close();
    await world[Symbol.asyncDispose]();
  });

  /** The first line that comes through a Unix socket. */
  async function bannerThrough(path: string): Promise<string> {
    const socket = connect(path);
    try {
      const [data] = await within(`the banner through ${path}`, once(socket, 'data'), 3_000);
      return String(data).trim();
    } finally {
      socket.destroy();
    }
  }

  describe('setup over SSH', () => {
    it('sets the gateway up and writes the customers file, with the keys to pin', async () => {
      expect(setUp).toMatchObject({ exitCode: 0, err: expect.stringContaining('wrote the gateway into') });
      const { gateway } = await loadCustomers(world.customersFile);
      const key = (await readFile(join(world.folder, 'host.pub'), 'utf8')).split(' ').slice(0, 2).join(' ');
      expect(gateway).toEqual({
        ...{ host: '127.0.0.1', port: world.port, layout: 'socket', operator: 'root', hostKey: [key] },
      });
      const again = await world.say('setup gateway', '--apply', '--sshd-config', world.config, ...operator);
      expect(again).toEqual({ exitCode: 0, out: '127.0.0.1: all is as it should be\n', err: '' });
    });

    it('a customer with a Unix socket: its PC takes it over from itself, its key cannot hold another’s', async () => {
      const code = world.newCode();
      const add = (...args: string[]) => world.say('setup customer', ...operator, ...args);
      expect(await add('--port', '9', code)).toMatchObject({ exitCode: 0 });
      const { out: script } = await world.say(
        'setup pc',
        code,
        '--for',
        'linux',
        '--target-port',
        String(pcSshd.port),
      );
      const folder = join(world.folder, code);
      await mkdir(folder);
      const pc = await LinuxPc.make(folder, script);
      expect(await add('--key', keyIn(await pc.run()), code)).toMatchObject({
        exitCode: 0,
        out: `${code}: wrote its key\n`,
      });
      // It listens on no port.
      const listed = await world.say('tunnels', '-F', 'none', '-c', code);
      expect(listed).toMatchObject({ exitCode: 2, err: expect.stringContaining(`see doctor -c ${code}`) });
      const socket = `/var/lib/ssh-via-gateway/tunnel-${code}/pc.sock`;
      const old = pc.start();
      world.adopt(old);
      await vi.waitFor(async () => expect(await bannerThrough(socket)).toMatch(/^SSH-2\.0-/), 20_000);
      const { mode, gid } = await stat(socket);
      expect(mode & 0o777).toBe(0o660);
      expect(execFileSync('getent', ['group', String(gid)]).toString()).toMatch(/^tunnel-workers:/);
      const before = (await stat(socket)).ino;
      const state = join(folder, 'replacement');
      execFileSync('cp', ['-a', pc.state, state]);
      world.adopt(pc.start(state));
      await vi.waitFor(async () => expect((await stat(socket)).ino).not.toBe(before), 20_000);
      await vi.waitFor(async () => expect(await bannerThrough(socket)).toMatch(/^SSH-2\.0-/), 20_000);
      const other = `/var/lib/ssh-via-gateway/tunnel-${world.newCode()}`;
      await mkdir(other, { mode: 0o750 });
      const tried = await finish('ssh', [
        ...['-F', 'none', '-n', '-N', '-i', join(pc.state, 'id_ed25519'), '-p', String(world.port)],
        ...['-R', `${other}/pc.sock:127.0.0.1:22`, '-o', 'ExitOnForwardFailure=yes'],
        ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'],
        `tunnel-${code}@127.0.0.1`,
      ]);
      expect(tried).toMatchObject({ code: 255, err: expect.stringContaining('forwarding failed') });
      const removed = await world.say('setup remove', ...operator, code);
      expect(removed).toMatchObject({ exitCode: 0, out: expect.stringContaining('ended its sessions') });
      expect(existsSync(socket)).toBe(false);
    });

    it('an account of somebody else is not taken away', async () => {
      const code = world.newCode();
      execFileSync('useradd', ['-m', '-c', 'Kim', `tunnel-${code}`]);
      await world.say('customers add', '--port', '11', code);
      const { exitCode, err } = await world.say('setup remove', ...operator, code);
      expect({ exitCode, err }).toMatchObject({
        exitCode: 1,
        err: expect.stringContaining('not made by setup customer ("Kim")'),
      });
      expect(await world.say('setup remove', '--adopt', ...operator, code)).toMatchObject({ exitCode: 0 });
      expect(
        execFileSync('getent', ['shadow', `tunnel-${code}`])
          .toString()
          .split(':')[7],
      ).toBe('0');
    });
  });

  describe('keepReverseTunnel on an account that may run the helper only', () => {
    it('notes its session and reclaims its port from a frozen one', async () => {
      await world.say(
        'setup gateway',
        '--apply',
        '--sshd-config',
        world.config,
        '--layout',
        'jump',
        ...operator,
      );
      const code = world.newCode();
      const port = await freePort();
      const key = join(world.folder, code);
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
      const added = await world.say(
        'setup customer',
        ...operator,
        '--port',
        String(port),
        '--key-file',
        `${key}.pub`,
        code,
      );
      expect(added).toMatchObject({ exitCode: 0 });
      const options = ['IdentitiesOnly=yes', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null'];
      const frozen = spawn('ssh', [
        ...[
          '-F',
          'none',
          '-n',
          '-i',
          key,
          '-p',
          String(world.port),
          '-R',
          `${port}:127.0.0.1:${pcSshd.port}`,
        ],
        ...options.flatMap((option) => ['-o', option]),
        ...[`tunnel-${code}@127.0.0.1`, 'hold', String(port)],
      ]);
      world.adopt(frozen);
      let said = '';
      frozen.stdout.on('data', (data) => {
        said += data;
      });
      await vi.waitFor(() => expect(said).toContain('up noted'), 20_000);
      frozen.kill('SIGSTOP');
      const events: TunnelEvent[] = [];
      const { gateway } = await loadCustomers(world.customersFile);
      await using tunnel = keepReverseTunnel({
        gateway: {
          ...{ host: gateway.host, port: gateway.port, username: `tunnel-${code}`, privateKeyPath: key },
          hostKey: { key: gateway.hostKey },
        },
        listenPort: port,
        target: { host: '127.0.0.1', port: pcSshd.port },
        reclaim: true,
        onEvent: (event) => events.push(event),
      });
      await vi.waitFor(() => expect(events.map(({ type }) => type)).toContain('noted'), 20_000);
      // The account may not connect to the port: the helper goes through it.
      await vi.waitFor(
        () => expect(events.find(({ type }) => type === 'checked')).toMatchObject({ result: 'ok' }),
        20_000,
      );
      expect(events.find(({ type }) => type === 'reclaimed')).toMatchObject({ evidence: 'note' });
      expect(tunnel.state).toBe('up');
    });
  });

  it('tunnel install asks Windows for a task, once', async () => {
    const folder = join(world.folder, 'tasks');
    await mkdir(folder);
    const standIns = join(import.meta.dirname, '../../support/windows-stand-ins.ps1');
    const words = {
      name: 'tunnel-acme',
      title: 'Tunnel',
      program: 'C:\\Program Files\\svg.exe',
      arguments: 'tunnel "-R=1:a:2"',
    };
    const run = (script: string) => {
      const text = Buffer.from(powerShellArgs(script, words).at(-1)!, 'base64').toString('utf16le');
      const env = { FAKE_WINDOWS: folder, FAKE_NO_START: '1' };
      return finish(pwsh, ['-NoProfile', '-NonInteractive', '-Command', `. '${standIns}'\n${text}`], env);
    };
    expect(await run(installTask)).toEqual({ code: 0, out: 'made\n', err: '' });
    expect(await run(installTask)).toEqual({ code: 0, out: 'same\n', err: '' });
    expect(await run(taskState)).toMatchObject({ out: 'Running\n' });
    expect((await readFile(join(folder, 'calls'), 'utf8')).split('\n').filter(Boolean)).toEqual([
      expect.stringMatching(
        /^Register-ScheduledTask tunnel-acme \| C:\\Program Files\\svg\.exe \| at startup, every 60 s \| S-1-5-18/,
      ),
      'Start-ScheduledTask tunnel-acme',
    ]);
    expect(await run(removeTask)).toMatchObject({ out: 'removed\n' });
    expect(await run(removeTask)).toMatchObject({ out: 'same\n' });
  });
}
