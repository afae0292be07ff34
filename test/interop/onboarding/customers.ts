import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from '../../cli/run.ts';
import {
  descendantsOf,
  killTree,
  type OnboardingWorld,
  startOnboardingWorld,
} from '../../support/onboarding-world.ts';
import { finish, keyIn, LinuxPc, pwsh, WindowsPc } from '../../support/pcs.ts';
import { freePort, type Sshd, startSshd } from '../../support/sshd.ts';
import { within } from '../../support/within.ts';

/** Three customers come, one is replaced, one leaves. */
export function customerTests(): void {
  interface Customer {
    code: string;
    port: number;
    sshd: Sshd;
    folder: string;
  }

  let world: OnboardingWorld;
  /** Two Linux PCs and a Windows PC. */
  let customers: Customer[];
  let linux: LinuxPc[];
  let windows: WindowsPc;
  const loops: ChildProcess[] = [];
  const sshds: Sshd[] = [];
  /** The disk of the first PC, as the one that runs has it. */
  let disk: string;

  /** The banner through a port of the gateway; undefined when there is none in time. */
  function serves(port: number, timeout = 700): Promise<string | undefined> {
    return new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      const end = (banner?: string) => {
        socket.destroy();
        resolve(banner);
      };
      socket.setTimeout(timeout, () => end());
      socket.once('error', () => end());
      socket.once('close', () => end());
      socket.once('data', (data) => end(data.toString().trim()));
    });
  }

  async function untilServed(port: number, timeout = 30_000): Promise<void> {
    const look = async () =>
      expect(await serves(port), `a banner through port ${port}`).toMatch(/^SSH-2\.0-/);
    await vi.waitFor(look, { timeout, interval: 100 });
  }

  /** What plain ssh gets with the key of a tunnel. */
  function tunnelSsh(customer: Customer, key: string, ...args: string[]) {
    const options = [
      'IdentitiesOnly=yes',
      'BatchMode=yes',
      'StrictHostKeyChecking=no',
      'UserKnownHostsFile=/dev/null',
    ];
    return finish('timeout', [
      ...['10', 'ssh', '-F', 'none', '-n', '-i', key, '-p', String(world.port)],
      ...[...options, 'ExitOnForwardFailure=yes'].flatMap((option) => ['-o', option]),
      ...[`tunnel-${customer.code}@127.0.0.1`, ...args],
    ]);
  }

  const forwardOf = ({ port, sshd }: Customer) => ['-N', '-R', `*:${port}:127.0.0.1:${sshd.port}`];

  const keyOf = (index: number) => join(linux[index]!.state, 'id_ed25519');

  function startLoop(pc: LinuxPc, state?: string): void {
    const loop = pc.start(state);
    loops.push(loop);
    world.adopt(loop);
  }

  /** A key that nobody has: its public half. Its private half lies under the same name. */
  async function newKey(name: string): Promise<string> {
    const file = join(world.folder, name);
    await finish('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
    return (await readFile(`${file}.pub`, 'utf8')).trim();
  }

  async function doctor(code: string) {
    const { exitCode, out } = await world.say(
      'doctor',
      ...['-F', 'none', '--known-hosts', join(world.folder, 'known_hosts'), '--accept-new', '-c', code],
    );
    return { exitCode, failed: out.split('\n').filter((line) => line.startsWith('FAIL')) };
  }

  async function newCustomer(): Promise<Customer> {
    const code = world.newCode();
    const sshd = await startSshd();
    sshds.push(sshd);
    const port = await freePort();
    const folder = join(world.folder, code);
    await mkdir(folder);
    const login = ['--login', sshd.username, '--pc-identity', sshd.privateKeyPath];
    const { exitCode, out, err } = await world.say(
      'setup customer',
      '--local',
      '--port',
      String(port),
      ...login,
      code,
    );
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    expect(out).toContain("waits for the PC's key");
    return { code, port, sshd, folder };
  }

  async function scriptFor({ code, sshd }: Customer, system: string): Promise<string> {
    const { out, exitCode } = await world.say(
      'setup pc',
      '--for',
      system,
      '--target-port',
      String(sshd.port),
      code,
    );
    expect(exitCode).toBe(0);
    return out;
  }

  async function takeKey({ code }: Customer, key: string): Promise<void> {
    const { exitCode, out } = await world.say('setup customer', '--local', '--key', key, code);
    expect({ exitCode, out }).toMatchObject({ exitCode: 0, out: expect.stringContaining('wrote its key') });
  }

  beforeAll(async () => {
    world = await startOnboardingWorld();
    const gateway = `root@127.0.0.1:${world.port}`;
    await world.say('customers add', '--gateway', gateway, '--port', '1', 'nobody');
    expect(await world.setupGateway('--apply', '--client-alive', '120x3')).toMatchObject({ exitCode: 0 });
    customers = [await newCustomer(), await newCustomer(), await newCustomer()];
    linux = await Promise.all(
      customers.slice(0, 2).map(async (one) => LinuxPc.make(one.folder, await scriptFor(one, 'linux'))),
    );
    windows = await WindowsPc.make(customers[2]!.folder, await scriptFor(customers[2]!, 'windows'));
    disk = linux[0]!.state;
    for (const [index, pc] of linux.entries()) {
      const installed = await pc.run();
      expect(installed).toMatchObject({ code: 0, err: '' });
      await takeKey(customers[index]!, keyIn(installed));
      startLoop(pc);
    }
    const installed = await windows.run([], { FAKE_HOME: customers[2]!.folder });
    expect(installed).toMatchObject({ code: 0, err: '' });
    await takeKey(customers[2]!, keyIn(installed));
    await Promise.all(customers.map(({ port }) => untilServed(port, 90_000)));
  }, 180_000);

  afterAll(async () => {
    for (const loop of loops) await killTree(loop);
    await windows.run(['-Uninstall']);
    for (const sshd of sshds) await sshd.close();
    await world[Symbol.asyncDispose]();
  }, 60_000);

  describe('three customers', () => {
    it('get their tunnels up by the scripts of their PCs, and doctor has nothing to say', async () => {
      for (const { code } of customers) expect(await doctor(code)).toEqual({ exitCode: 0, failed: [] });
      expect(await linux[0]!.run('--status')).toMatchObject({
        code: 0,
        out: expect.stringMatching(/up noted|check banner/),
      });
      expect(await windows.run(['-Status'])).toMatchObject({
        code: 0,
        out: expect.stringContaining('is up'),
      });
    });

    it('can hold their own port each, and do nothing else on the gateway', async () => {
      const [first, second] = customers as [Customer, Customer];
      const key = keyOf(0);
      const other = await freePort();
      for (const port of [second.port, other, 22]) {
        const { code, err } = await tunnelSsh(first, key, '-N', '-R', `${port}:127.0.0.1:22`);
        expect({ code, err }).toMatchObject({ code: 255, err: expect.stringContaining('forwarding failed') });
      }
      const shell = await tunnelSsh(first, key, 'id');
      expect(shell).toMatchObject({ code: 1, out: expect.stringContaining('refused') });
      expect(shell.out).not.toContain('uid=');
      for (const trick of ['hold 1; id', 'hold $(id)', 'check 22', 'reclaim 0', `check ${second.port}`]) {
        const { code, out } = await tunnelSsh(first, key, trick);
        expect({ trick, code, out }).toMatchObject({ code: 1, out: expect.stringContaining('refused') });
      }
      const tty = await tunnelSsh(first, key, '-tt');
      expect(tty.err).toContain('PTY allocation request failed');
      const local = await tunnelSsh(first, key, '-W', `127.0.0.1:${world.port}`);
      expect(local.err).toContain('administratively prohibited');
      const socket = await tunnelSsh(first, key, '-N', '-R', '/tmp/x.sock:127.0.0.1:22');
      expect(socket.err).toContain('forwarding failed');
      const sftp = await tunnelSsh(first, key, '-s', 'sftp');
      expect(sftp.out).not.toContain('\0');
      expect(await tunnelSsh(second, key, 'check 1')).toMatchObject({ code: 255 });
    });

    it('are refused what would hurt another: port, account, key', async () => {
      const [first, second] = customers as [Customer, Customer];
      const code = world.newCode();
      const add = (...args: string[]) => world.say('setup customer', '--local', ...args);
      const before = await readFile(world.customersFile, 'utf8');
      const key = keyIn(await linux[1]!.run('--key'));
      const refusals = [
        [await add('--port', String(first.port), code), 2, /has the same one/],
        [await add('--port', String(world.port), code), 1, /is in use on the gateway by root/],
        [await add('--port', '80', code), 2, /reserved for root by sshd; 1024 to 65535/],
        [await add('--port', '2009', '--account', `tunnel-${first.code}`, code), 1, /is of another customer/],
        [await add('--port', '2009', '--account', 'root', code), 1, /not of the group tunnels/],
        [await add('--port', '2009', '--account', 'Kim;x', code), 2, /a name that useradd takes/],
        [await add('--key', await newKey('other'), first.code), 1, /has another key already.*--replace-key/],
        [
          await add('--key', key, '--replace-key', first.code),
          1,
          /is that of the account tunnel-\w+ already/,
        ],
        [await add('--key', key, '--port', '2009', code), 1, /is that of the account tunnel-\w+ already/],
        [await add('--key', 'ssh-ed25519 AAAA"; command="sh', first.code), 2, /one public key/],
        [await add('--port', '2009', first.code), 2, /setup remove/],
      ] as const;
      for (const [said, exitCode, message] of refusals) {
        expect(said).toMatchObject({ exitCode, err: expect.stringMatching(message) });
      }
      expect(await readFile(world.customersFile, 'utf8')).toBe(before);
      expect(await readFile('/etc/passwd', 'utf8')).not.toContain(`tunnel-${code}:`);
      expect(await add(second.code)).toMatchObject({
        exitCode: 0,
        out: `${second.code}: all is as it should be\n`,
      });
    });

    it('one PC is frozen and replaced: its port serves again within 5 s, at ClientAlive 120 x 3', async () => {
      const [pc] = linux as [LinuxPc];
      const { port } = customers[0]!;
      const old = [loops[0]!.pid!, ...(await descendantsOf(loops[0]!.pid!))];
      for (const pid of old) process.kill(pid, 'SIGSTOP');
      try {
        expect(await serves(port, 1_000)).toBeUndefined();
        // The same disk in another PC.
        const state = join(pc.folder, 'replacement');
        await cp(pc.state, state, { recursive: true, preserveTimestamps: true });
        const began = performance.now();
        disk = state;
        startLoop(pc, state);
        await untilServed(port, 10_000);
        const took = performance.now() - began;
        console.log(`a frozen PC replaced: its port serves after ${Math.round(took)} ms`);
        expect(took).toBeLessThan(5_000);
        expect(await pc.log(state)).toMatch(/reclaim: reclaimed \d+/);
      } finally {
        for (const pid of old) process.kill(pid, 'SIGKILL');
      }
    });

    it('another key in the place of the old one ends the sessions that came with the old one', async () => {
      const customer = await newCustomer();
      await takeKey(customer, await newKey('lost-pc'));
      const held = tunnelSsh(customer, join(world.folder, 'lost-pc'), ...forwardOf(customer));
      await untilServed(customer.port);
      const key = await newKey('new-pc');
      const said = await world.say('setup customer', '--local', '--replace-key', '--key', key, customer.code);
      expect(said).toMatchObject({ exitCode: 0, out: expect.stringContaining('ended its sessions') });
      expect(await held).toMatchObject({ code: 255 });
      expect(await serves(customer.port)).toBeUndefined();
      const refused = await tunnelSsh(customer, join(world.folder, 'lost-pc'), 'check', '1');
      expect(refused.err).toContain('Permission denied');
    });

    it('what somebody has changed of its account is put right: its shell, its home', async () => {
      const customer = await newCustomer();
      await takeKey(customer, await newKey('of-mended'));
      const account = `tunnel-${customer.code}`;
      await finish('usermod', ['-s', '/usr/sbin/nologin', account]);
      await rm(`/home/${account}`, { recursive: true });
      const key = await readFile(join(world.folder, 'of-mended.pub'), 'utf8');
      const mended = await world.say('setup customer', '--local', '--key', key, customer.code);
      expect(mended).toMatchObject({ exitCode: 0 });
      for (const what of ['gave the account', 'anew', 'wrote its key']) expect(mended.out).toContain(what);
      const noted = await tunnelSsh(customer, join(world.folder, 'of-mended'), 'note', `${customer.port}`);
      expect(noted).toMatchObject({ code: 0, out: expect.stringMatching(/^noted \d+/m) });
      const again = await world.say('setup customer', '--local', customer.code);
      expect(again.out).toBe(`${customer.code}: all is as it should be\n`);
    });

    it('two at once with one port: one has it; a folder of nobody is not taken', async () => {
      const codes = [world.newCode(), world.newCode(), world.newCode()] as const;
      const add = async (code: string, port: number, ...args: string[]) => {
        const file = join(world.folder, `${code}.json`);
        await cp(world.customersFile, file);
        const all = [
          'setup',
          'customer',
          '--local',
          '--customers',
          file,
          '--port',
          String(port),
          ...args,
          code,
        ];
        const { exitCode, stderr } = await run(all);
        return { exitCode, err: stderr };
      };
      const port = await freePort();
      const both = await Promise.all(
        codes.slice(0, 2).map(async (code) => add(code, port, '--key', await newKey(code))),
      );
      expect(both.map(({ exitCode }) => exitCode).sort()).toEqual([0, 1]);
      expect(both.map(({ err }) => err).join('')).toMatch(/Port \d+ belongs to the account tunnel-t/);

      const home = `/home/tunnel-${codes[2]}`;
      await mkdir(home);
      await writeFile(join(home, 'kept'), '');
      try {
        const refused = await add(codes[2], await freePort());
        expect(refused).toMatchObject({ exitCode: 1, err: expect.stringContaining('move that away first') });
        expect(await readdir(home)).toEqual(['kept']);
        expect(await readFile('/etc/passwd', 'utf8')).not.toContain(`tunnel-${codes[2]}:`);
      } finally {
        await rm(home, { recursive: true });
      }
    });

    it('a living session is not reclaimed', async () => {
      const { out } = await tunnelSsh(customers[1]!, keyOf(1), 'reclaim', String(customers[1]!.port));
      expect(out).toMatch(/refused answers banner SSH-2\.0-/);
      expect(await serves(customers[1]!.port)).toMatch(/^SSH-2\.0-/);
    });

    it('one is taken away: its sessions end, its key is refused, its port is free, the others notice nothing; it comes back', async () => {
      const [first, second, third] = customers as [Customer, Customer, Customer];
      const others = [second, third].map(({ port }) => connect(port, '127.0.0.1').on('error', () => {}));
      for (const socket of others) await within('a banner of the others', once(socket, 'data'));
      const removed = await world.say('setup remove', '--local', first.code);
      expect(removed).toMatchObject({ exitCode: 0, err: '' });
      for (const what of [
        'took its key away',
        'closed the account',
        'ended its sessions',
        'marked as left',
        'is free',
      ])
        expect(removed.out).toContain(what);
      expect(await serves(first.port)).toBeUndefined();
      expect((await tunnelSsh(first, keyOf(0), 'check', '1')).err).toContain('Permission denied');
      // One that nobody has waited for yet (Z) has ended.
      const processes = await finish('pgrep', ['--runstates', 'D,R,S,T', '-u', `tunnel-${first.code}`]);
      expect(processes.out).toBe('');
      for (const socket of others) expect(socket.destroyed).toBe(false);
      for (const socket of others) socket.destroy();
      for (const { port } of [second, third]) expect(await serves(port, 3_000)).toMatch(/^SSH-2\.0-/);
      expect(await doctor(first.code)).toMatchObject({ exitCode: 2 });
      const again = await world.say('setup remove', '--local', first.code);
      expect(again.out).toBe(`${first.code}: was gone already\n${first.code}: port ${first.port} is free\n`);

      // And it comes back.
      const key = keyIn(await linux[0]!.run('--key'));
      const back = await world.say('setup customer', '--local', '--key', key, first.code);
      expect(back.out).toContain('opened the account');
      // The loop would find that out by itself, a minute after its last refused login.
      for (const loop of loops.filter(({ spawnargs }) => spawnargs.includes(disk))) await killTree(loop);
      startLoop(linux[0]!, disk);
      await untilServed(first.port);
    });
  });

  describe('the script of a Linux PC', () => {
    it('changes nothing when it is run again, and leaves nothing when it is uninstalled', async () => {
      const folder = join(world.folder, 'clean');
      const pc = await LinuxPc.make(folder, await scriptFor(customers[1]!, 'linux'));
      const before = await readdir(folder);
      expect((await pc.run()).out).toContain('made the key of the tunnel');
      const state = await readdir(pc.state);
      const key = await readFile(join(pc.state, 'id_ed25519'), 'utf8');
      expect((await pc.run()).out).toMatch(/^All is as it should be\.$/m);
      expect(await readdir(pc.state)).toEqual(state);
      expect(await readFile(join(pc.state, 'id_ed25519'), 'utf8')).toBe(key);
      expect(await readFile(join(folder, 'systemctl.log'), 'utf8')).not.toContain('restart');
      expect((await pc.run('--update')).out).toContain('restarted the service');
      // Half of a key is none, and nobody is asked about it.
      await rm(join(pc.state, 'id_ed25519.pub'));
      expect(keyIn(await pc.run())).toMatch(/^ssh-ed25519 /);
      expect((await pc.run('--uninstall')).out).toContain('were taken away');
      expect((await readdir(folder)).sort()).toEqual([...before, 'systemctl.log'].sort());
      expect(await readdir(join(folder, 'units'))).toEqual([]);
    });

    it('says what to do where no systemd runs', async () => {
      const folder = join(world.folder, 'no-systemd');
      const pc = await LinuxPc.make(folder, await scriptFor(customers[1]!, 'linux'));
      await writeFile(join(folder, 'bin', 'systemctl'), '#!/bin/sh\nexit 1\n');
      const installed = await pc.run();
      expect(installed).toMatchObject({
        code: 0,
        err: '',
        out: expect.stringContaining('No systemd runs here'),
      });
      expect(await readdir(join(folder, 'units'))).toEqual([]);
      expect(await pc.run('--uninstall')).toMatchObject({ code: 0, err: '' });
    });

    it('runs once only', async () => {
      const { code, err } = await linux[1]!.run('--run');
      expect({ code, err }).toMatchObject({ code: 3, err: expect.stringContaining('runs already') });
    });
  });

  describe('the script of a Windows PC', () => {
    it('has no syntax newer than PowerShell 5.1', async () => {
      const command = `
        $tokens = $null; $errors = $null
        $tree = [Management.Automation.Language.Parser]::ParseFile('${windows.file}', [ref]$tokens, [ref]$errors)
        $errors | ForEach-Object { $_.Message }
        $tokens | Where-Object { "$($_.Kind)" -in 'QuestionQuestion', 'QuestionQuestionEquals', 'QuestionDot', 'QuestionLBracket', 'QuestionMark', 'AndAnd', 'OrOr', 'Clean' } | ForEach-Object { $_.Kind }
        $tree.FindAll({ $args[0].GetType().Name -in 'TernaryExpressionAst', 'PipelineChainAst' }, $true) | ForEach-Object { $_.Extent.Text }
        'parsed'`;
      expect(await finish(pwsh, ['-NoProfile', '-Command', command])).toMatchObject({
        code: 0,
        out: 'parsed\n',
      });
    });

    it('asks Windows for what it should, once', async () => {
      const calls = await windows.calls();
      expect(calls).toEqual(
        expect.arrayContaining([
          'Add-WindowsCapability OpenSSH.Server~~~~0.0.1.0',
          'Disable-NetFirewallRule OpenSSH-Server-In-TCP',
          'Set-Service sshd Automatic',
          'Start-Service sshd',
          expect.stringMatching(
            /^Register-ScheduledTask ssh-via-gateway-\w+ \| powershell\.exe \| at startup, every 60 s \| S-1-5-18 ServiceAccount Highest \| IgnoreNew limit 0 battery True True True$/,
          ),
        ]),
      );
      const again = await windows.run([], { FAKE_HOME: customers[2]!.folder });
      expect(again).toMatchObject({
        code: 0,
        err: '',
        out: expect.stringContaining('All is as it should be.'),
      });
      expect(await windows.calls()).toEqual(calls);
    });

    it('-NoSleep, Korean words, the workers’ key where sshd looks for it, and nothing left by -Uninstall', async () => {
      const customer = customers[2]!;
      const folder = join(world.folder, 'clean-windows');
      await mkdir(folder);
      const workerKey = join(world.folder, 'worker.pub');
      await cp(join(linux[1]!.state, 'id_ed25519.pub'), workerKey);
      const { out: script } = await world.say('setup pc', '--worker-key', workerKey, customer.code);
      const pc = await WindowsPc.make(folder, script);
      const env = { FAKE_NO_START: '1', FAKE_HOME: folder, FAKE_CULTURE: 'ko-KR' };
      // Somebody without rights was there first, with the script and a key of his own.
      await mkdir(pc.state, { recursive: true });
      await writeFile(join(pc.state, 'tunnel.ps1'), `${script}\n# trap`);
      await writeFile(join(pc.state, 'id_ed25519'), 'trap');
      const first = await pc.run(['-NoSleep'], env);
      expect(first).toMatchObject({
        code: 0,
        err: '',
        out: expect.stringContaining('터널의 키를 만들었습니다.'),
      });
      const key = (await readFile(workerKey, 'utf8')).split(' ').slice(0, 2).join(' ');
      const keys = join(folder, '.ssh', 'authorized_keys');
      expect(await readFile(keys, 'utf8')).toBe(`${key} ssh-via-gateway-${customer.code}\r\n`);
      expect(await pc.calls()).toEqual(
        expect.arrayContaining([
          'powercfg /change standby-timeout-ac 0',
          `icacls ${keys} /inheritance:r /grant *S-1-5-18:F /grant *S-1-5-32-544:F /grant *S-1-5-21-1-2-3-1001:F`,
        ]),
      );
      expect(await readFile(join(pc.state, 'id_ed25519'), 'utf8')).toContain('PRIVATE KEY');
      expect((await readdir(pc.state)).sort()).toEqual([
        'id_ed25519',
        'id_ed25519.pub',
        'known_hosts',
        'tunnel.ps1',
      ]);
      expect(await pc.calls()).toEqual(
        expect.arrayContaining([
          `icacls ${pc.state} /setowner *S-1-5-32-544`,
          `icacls ${pc.state} /inheritance:r /grant *S-1-5-18:(OI)(CI)F /grant *S-1-5-32-544:(OI)(CI)F`,
          expect.stringMatching(/^icacls \S+ssh-via-gateway \/setowner/),
          // The ssh of SYSTEM takes no key that is an administrator's own.
          `icacls ${pc.state}/id_ed25519.new /setowner *S-1-5-32-544`,
          `icacls ${pc.state}/id_ed25519.new /inheritance:r /grant *S-1-5-18:F /grant *S-1-5-32-544:F`,
        ]),
      );
      expect((await pc.run(['-Status'], env)).code).toBe(1);
      const gone = await pc.run(['-Uninstall'], env);
      expect(gone).toMatchObject({ code: 0, err: '' });
      expect(existsSync(keys)).toBe(false);
      expect(existsSync(join(folder, '.ssh'))).toBe(false);
      expect(await readdir(join(folder, 'ProgramData'))).toEqual([]);
      // Again: there is nothing to take away, and nothing to show.
      expect(await pc.run(['-Uninstall'], env)).toMatchObject({ code: 0, err: '' });
      const english = { ...env, FAKE_CULTURE: 'en-US' };
      for (const action of ['-Key', '-Run'])
        expect(await pc.run([action], english)).toMatchObject({
          code: 1,
          err: expect.stringContaining('Nothing is installed'),
        });
      expect((await readdir(join(folder, 'fake'))).sort()).toEqual(['calls', 'sshd', 'sshd-started']);
    });

    it('the workers’ key: a comment is none, an older key of ours goes, the lines of others stay', async () => {
      const customer = customers[2]!;
      const folder = join(world.folder, 'keys-windows');
      await mkdir(join(folder, '.ssh'), { recursive: true });
      const keys = join(folder, '.ssh', 'authorized_keys');
      const plain = async (name: string) => (await newKey(name)).split(' ').slice(0, 2).join(' ');
      const [old, now] = [await plain('old-worker'), await plain('new-worker')];
      const others = `# ${now} of old\r\n${old} ssh-via-gateway-other\r\nssh-ed25519 AAAA kim`;
      await writeFile(keys, `${others}\r\n${old} ssh-via-gateway-${customer.code}`);
      const { out: script } = await world.say(
        'setup pc',
        ...['--worker-key', join(world.folder, 'new-worker.pub')],
        customer.code,
      );
      const pc = await WindowsPc.make(folder, script);
      const env = { FAKE_NO_START: '1', FAKE_HOME: folder };
      expect((await pc.run([], env)).code).toBe(0);
      expect(await readFile(keys, 'utf8')).toBe(`${others}\r\n${now} ssh-via-gateway-${customer.code}\r\n`);
      await pc.run(['-Uninstall'], env);
      expect(await readFile(keys, 'utf8')).toBe(`${others}\r\n`);
    });

    it('an ssh that says too much is ended; one that began after its number was noted is another program’s', async () => {
      const customer = customers[2]!;
      const folder = join(world.folder, 'chatty-windows');
      const pc = await WindowsPc.make(folder, await scriptFor(customer, 'windows'));
      const bin = join(folder, 'bin');
      await mkdir(bin);
      await writeFile(
        join(bin, 'ssh'),
        '#!/bin/sh\nyes "a gateway that says very much" | head -c 3000000\nexec sleep 60\n',
        {
          mode: 0o755,
        },
      );
      const env = { FAKE_HOME: folder, PATH: `${bin}:${process.env['PATH']}` };
      expect((await pc.run([], env)).code).toBe(0);
      try {
        await vi.waitFor(async () => expect((await pc.log()).slice(-500)).toContain('down after'), 30_000);
        const sizes = ['tunnel.log', 'tunnel.log.1']
          .map((name) => join(pc.state, name))
          .filter((file) => existsSync(file))
          .map(async (file) => (await stat(file)).size);
        for (const size of await Promise.all(sizes)) expect(size).toBeLessThan(1_100_000);
      } finally {
        await pc.run(['-Uninstall'], env);
      }
      expect(await pc.run([], { ...env, FAKE_NO_START: '1' })).toMatchObject({ code: 0, err: '' });
      await rm(join(bin, 'ssh'));
      await cp('/bin/sleep', join(bin, 'ssh'));
      const stranger = spawn(join(bin, 'ssh'), ['60']);
      await writeFile(join(pc.state, 'ssh.pid'), String(stranger.pid));
      await utimes(join(pc.state, 'ssh.pid'), new Date(), new Date(Date.now() - 60_000));
      expect(await pc.run(['-Uninstall'], env)).toMatchObject({ code: 0, err: '' });
      expect([stranger.exitCode, stranger.signalCode]).toEqual([null, null]);
      stranger.kill();
    });

    it('an administrator’s key goes to the file of all administrators; without rights nothing is done', async () => {
      const folder = join(world.folder, 'admin-windows');
      await mkdir(folder);
      const workerKey = join(world.folder, 'worker.pub');
      const { out: script } = await world.say('setup pc', '--worker-key', workerKey, customers[2]!.code);
      const pc = await WindowsPc.make(folder, script);
      const login = customers[2]!.sshd.username;
      expect(await pc.run([], { FAKE_USER: '1' })).toMatchObject({
        code: 1,
        err: expect.stringContaining('Administrator rights'),
      });
      expect(await pc.calls()).toEqual([]);
      await mkdir(join(folder, 'ProgramData', 'ssh'));
      expect((await pc.run([], { FAKE_NO_START: '1', FAKE_ADMIN: login })).code).toBe(0);
      const ofAdmins = join(folder, 'ProgramData', 'ssh', 'administrators_authorized_keys');
      await rm(ofAdmins);
      // The group has a member whom Windows does not know any more.
      const orphan = { FAKE_NO_START: '1', FAKE_ADMIN: login, FAKE_ORPHAN: '1', FAKE_HOME: folder };
      expect(await pc.run([], orphan)).toMatchObject({ code: 0, err: '' });
      expect(existsSync(ofAdmins)).toBe(true);
      expect(existsSync(join(folder, '.ssh'))).toBe(false);
    });
  });
}
