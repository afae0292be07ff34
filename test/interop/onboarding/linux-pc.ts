import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startMockServer } from '../../../src/mock-server/index.ts';
import { pcScript } from '../../../src/setup/pc/pc-script.ts';
import { killTree } from '../../support/onboarding-world.ts';
import { LinuxPc } from '../../support/pcs.ts';
import { freePort } from '../../support/sshd.ts';
import { within } from '../../support/within.ts';

const key = (end: string) =>
  `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ6ml3jzw1kQ6PdrwmbxuZPdUE3HqyJp4Qn4ueBuJ${end}`;

/** What the script of a Linux PC does on the PC itself; its ssh is stood in for. */
export function linuxPcTests(): void {
  /** An account of this machine, for the workers. */
  const login = `svg-${randomBytes(4).toString('hex')}`;
  let folder: string;
  let home: string;
  let keys: string;
  let pcs = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'onboarding-'));
    home = join(folder, 'home');
    execFileSync('useradd', ['-M', '-d', home, '-s', '/usr/sbin/nologin', login]);
    keys = join(home, '.ssh', 'authorized_keys');
    execFileSync('chmod', ['755', folder]);
  });
  afterAll(async () => {
    execFileSync('userdel', [login]);
    await rm(folder, { recursive: true, force: true });
  });

  async function newHome(text?: string): Promise<void> {
    await rm(home, { recursive: true, force: true });
    await mkdir(text === undefined ? home : join(home, '.ssh'), { recursive: true });
    if (text !== undefined) await writeFile(keys, text, { mode: 0o600 });
    execFileSync('chown', ['-R', login, home]);
  }

  interface Making {
    code?: string;
    workerKey?: string;
    route?: 'published' | 'socket';
    /** The text of a program that is found in the place of ssh. */
    ssh?: string;
    targetPort?: number;
  }

  async function makePc({
    code = 'acme',
    workerKey,
    route = 'published',
    ssh,
    targetPort = 22,
  }: Making): Promise<LinuxPc> {
    const gateway = {
      host: 'gateway.invalid',
      port: 22,
      hostKey: [key('0DR')],
      layout: route,
      operator: 'root',
    } as const;
    const customer = {
      ...{ code, account: `tunnel-${code}`, port: 9012, username: login, hostKeyAlias: code },
      ...{ route, labels: {}, state: 'active' as const },
    } as const;
    const script = pcScript(gateway, customer, { system: 'linux', targetPort, workerKey });
    const pc = await LinuxPc.make(join(folder, `pc${pcs++}`), script);
    if (ssh !== undefined) await writeFile(join(pc.folder, 'bin', 'ssh'), ssh, { mode: 0o755 });
    return pc;
  }

  describe('the workers’ key on a Linux PC', () => {
    it('comes on a line of its own, behind a line without an end, and goes alone', async () => {
      await newHome(`# ${key('0DR')} of old\n${key('0AA')} kim`);
      const pc = await makePc({ workerKey: key('0DR') });
      expect((await pc.run()).out).toContain("takes the workers' key now");
      const ours = `${key('0DR')} ssh-via-gateway-acme\n`;
      expect(await readFile(keys, 'utf8')).toBe(`# ${key('0DR')} of old\n${key('0AA')} kim\n${ours}`);
      expect((await pc.run()).out).toMatch(/^All is as it should be\.$/m);
      const { mode, uid } = await stat(keys);
      expect([mode & 0o777, uid]).toEqual([0o600, Number(execFileSync('id', ['-u', login]))]);

      // Another customer on the same PC has a line of its own: the one's end is not the other's.
      const second = await makePc({ code: 'bravo', workerKey: key('0DR') });
      await second.run();
      await pc.run('--uninstall');
      expect(await readFile(keys, 'utf8')).toBe(
        `# ${key('0DR')} of old\n${key('0AA')} kim\n${key('0DR')} ssh-via-gateway-bravo\n`,
      );
      // A newer script with another key: the old one goes.
      const newer = await makePc({ code: 'bravo', workerKey: key('0BB') });
      await newer.run('--update');
      expect(await readFile(keys, 'utf8')).toBe(
        `# ${key('0DR')} of old\n${key('0AA')} kim\n${key('0BB')} ssh-via-gateway-bravo\n`,
      );
    });

    it('is not written twice when somebody has let it in, and leaves no folder that was not there', async () => {
      await newHome(`${key('0DR')} kim\n`);
      const pc = await makePc({ workerKey: key('0DR') });
      expect((await pc.run()).out).not.toContain("takes the workers' key now");
      expect(await readFile(keys, 'utf8')).toBe(`${key('0DR')} kim\n`);
      await newHome();
      const other = await makePc({ workerKey: key('0DR') });
      await other.run();
      expect(await readFile(keys, 'utf8')).toBe(`${key('0DR')} ssh-via-gateway-acme\n`);
      await other.run('--uninstall');
      await expect(lstat(join(home, '.ssh'))).rejects.toThrow('ENOENT');
    });

    it('is written as the account: a link of the account leads to nothing of root', async () => {
      const roots = join(folder, 'root-only');
      await writeFile(roots, 'precious\n', { mode: 0o600 });
      await newHome('');
      await rm(keys);
      await symlink(roots, keys);
      const pc = await makePc({ workerKey: key('0DR') });
      expect(await pc.run()).toMatchObject({ code: 1, err: expect.stringContaining('cannot be written') });
      expect(await readFile(roots, 'utf8')).toBe('precious\n');
    });
  });

  describe('the tunnel of a Linux PC', () => {
    const waiting = '#!/bin/sh\nexec sleep 60\n';
    const pidIn = async (pc: LinuxPc, file: string) => Number(await readFile(join(pc.state, file), 'utf8'));
    /** One that has ended and that nobody has waited for yet (Z) does not live. */
    const lives = (pid: number) => {
      const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '';
      return /^\d+ \(.*\) [^Z]/s.test(stat);
    };

    it('runs once of two that start at once; one that was killed leaves nothing that stands in its way', async () => {
      // Its command line is that of the script, so that it is known as the tunnel's.
      const pc = await makePc({ ssh: '#!/bin/sh\nwhile :; do sleep 1; done\n' });
      await pc.run();
      const loops = [pc.start(), pc.start()];
      try {
        const exits = loops.map((loop) => once(loop, 'exit'));
        const [code] = await within('the end of one of two', Promise.race(exits));
        expect(code).toBe(3);
        const ssh = await vi.waitFor(() => pidIn(pc, 'ssh.pid'));
        const running = loops.find(({ exitCode }) => exitCode === null)!;
        running.kill('SIGKILL');
        await vi.waitFor(() => expect(running.signalCode).toBe('SIGKILL'));
        expect(lives(ssh)).toBe(true);
        loops.push(pc.start());
        await vi.waitFor(() => expect(lives(ssh)).toBe(false), 5_000);
        await vi.waitFor(async () => expect(await pidIn(pc, 'ssh.pid')).not.toBe(ssh), 5_000);
        const last = await pidIn(pc, 'ssh.pid');
        expect(await pc.run('--status')).toMatchObject({ out: expect.stringMatching(/process \d+/) });
        // Ended with the script, without a systemd that would end all of it.
        await pc.run('--uninstall');
        expect(lives(last)).toBe(false);
      } finally {
        for (const loop of loops) await killTree(loop);
      }
    });

    it('takes no other program for itself: a number that was its own before a restart', async () => {
      const pc = await makePc({ ssh: waiting });
      await pc.run();
      const stranger = execFileSync('sh', ['-c', 'sleep 60 >/dev/null 2>&1 & echo $!']).toString().trim();
      try {
        for (const file of ['pid', 'ssh.pid']) await writeFile(join(pc.state, file), `${stranger}\n`);
        expect(await pc.run('--status')).toMatchObject({
          code: 1,
          out: expect.stringContaining('not running'),
        });
        expect(await pc.run('--uninstall')).toMatchObject({ code: 0 });
        expect(lives(Number(stranger))).toBe(true);
        // Nor a process that is none any more.
        await pc.run();
        await writeFile(join(pc.state, 'pid'), '4194999\n');
        expect(await pc.run('--status')).toMatchObject({ code: 1, err: '' });
      } finally {
        process.kill(Number(stranger), 'SIGKILL');
      }
    });

    it('keeps a log of 1 MB, whatever the gateway says', async () => {
      const pc = await makePc({ ssh: '#!/bin/sh\nexec yes "a gateway that says very much"\n' });
      await pc.run();
      const loop = pc.start();
      try {
        const sizeOf = async (name: string) =>
          (await stat(join(pc.state, name)).catch(() => ({ size: 0 }))).size;
        await vi.waitFor(async () => expect(await sizeOf('tunnel.log.1')).toBeGreaterThan(500_000), 20_000);
        for (const name of ['tunnel.log', 'tunnel.log.1']) expect(await sizeOf(name)).toBeLessThan(1_100_000);
      } finally {
        await killTree(loop);
      }
    });

    it('through a Unix socket is not called up while it is refused', async () => {
      const refused = await makePc({
        route: 'socket',
        ssh: '#!/bin/sh\necho Permission denied >&2; exit 255\n',
      });
      await refused.run();
      const loop = refused.start();
      try {
        await vi.waitFor(async () => expect(await refused.log()).toContain('Permission denied'), 5_000);
        expect(await refused.run('--status')).toMatchObject({ code: 1 });
      } finally {
        await killTree(loop);
      }
    });

    it('says that no SSH server answers on the PC, and nothing of it where one does', async () => {
      await using server = await startMockServer();
      const silent = await makePc({ ssh: waiting, targetPort: await freePort() });
      const words = /No SSH server answers at 127\.0\.0\.1:\d+ on this PC.*start it/;
      expect((await silent.run()).out).toMatch(words);
      const pc = await makePc({ ssh: waiting, targetPort: server.port });
      expect((await pc.run()).out).not.toMatch(words);
      for (const one of [silent, pc]) await one.run('--uninstall');
    });

    it('takes no folder of somebody, and leaves the files of others in its own', async () => {
      const pc = await makePc({ ssh: waiting });
      await mkdir(pc.state, { mode: 0o755 });
      for (const name of ['letter.txt', 'known_hosts']) await writeFile(join(pc.state, name), 'precious\n');
      for (const action of [[], ['--uninstall']])
        expect(await pc.run(...action)).toMatchObject({
          code: 2,
          err: expect.stringContaining('holds files'),
        });
      expect((await stat(pc.state)).mode & 0o777).toBe(0o755);
      expect(await readFile(join(pc.state, 'known_hosts'), 'utf8')).toBe('precious\n');
      await rm(join(pc.state, 'known_hosts'));
      await rm(join(pc.state, 'letter.txt'));
      await pc.run();
      await writeFile(join(pc.state, 'letter.txt'), 'precious\n');
      expect(await pc.run('--uninstall')).toMatchObject({ code: 0, out: expect.stringContaining('stays') });
      expect(await readdir(pc.state)).toEqual(['letter.txt']);
    });

    it('says what is missing: no key yet, nothing installed, a folder with odd characters', async () => {
      const pc = await makePc({ ssh: waiting });
      expect(await pc.run('--key')).toMatchObject({
        code: 1,
        out: '',
        err: expect.stringContaining('no key yet'),
      });
      expect(await pc.run('--run')).toMatchObject({
        code: 1,
        err: expect.stringContaining('Nothing is installed'),
      });
      expect(await pc.run('--state', '/tmp/a b')).toMatchObject({
        code: 2,
        err: expect.stringContaining('would be right'),
      });
    });
  });
}
