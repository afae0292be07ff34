import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { launchd, plistText } from '../../src/cli/service/launchd.ts';
import { managerFor } from '../../src/cli/service/manager.ts';
import { type Execute, ServiceFailed } from '../../src/cli/service/service.ts';
import { systemd, unitText } from '../../src/cli/service/systemd.ts';
import { windowsTask } from '../../src/cli/service/windows-task.ts';
import { temporaryFolder } from '../customers/world.ts';
import { syntaxErrors } from '../support/powershell-syntax.ts';
import { run } from './run.ts';

const service = {
  name: 'tunnel-acme',
  title: 'Tunnel',
  argv: ['/usr/bin/node', '/a b/cli.js', '100%', '$HOME', 'q"\\'],
};

/** A system that does what it is told, and what it was told. */
function recorder(
  answer: (line: string) => { code: number; stdout?: string; stderr?: string } = () => ({ code: 0 }),
) {
  const lines: string[] = [];
  const execute: Execute = async (file, args) => {
    const line = [file, ...args].join(' ');
    lines.push(line);
    return { stdout: '', stderr: 'no', ...answer(line) };
  };
  return { lines, execute };
}

describe('systemd', () => {
  test('a service is made once, restarted when it changes, and taken away', async () => {
    await using folder = await temporaryFolder();
    const { lines, execute } = recorder();
    const manager = systemd(execute, folder.path);
    expect(await manager.install(service)).toEqual(['created and started the systemd service tunnel-acme']);
    expect(lines.splice(0)).toEqual([
      'systemctl daemon-reload',
      'systemctl enable --quiet tunnel-acme',
      'systemctl restart tunnel-acme',
    ]);
    expect(await manager.install(service)).toEqual([]);
    expect(lines.splice(0)).toEqual(['systemctl enable --quiet tunnel-acme', 'systemctl start tunnel-acme']);
    expect(await manager.install({ ...service, argv: ['/x'] })).toHaveLength(1);
    expect(await manager.status('tunnel-acme')).toMatchObject({ isInstalled: true, isRunning: true });
    expect(await manager.uninstall('tunnel-acme')).toHaveLength(1);
    expect(await manager.uninstall('tunnel-acme')).toEqual([]);
  });

  test('words of the command line mean themselves', () => {
    expect(unitText(service)).toContain(
      'ExecStart="/usr/bin/node" "/a b/cli.js" "100%%" "$$HOME" "q\\"\\\\"\n',
    );
  });

  test('what systemctl says is told, and a folder that cannot be written', async () => {
    await using folder = await temporaryFolder();
    const { execute } = recorder(() => ({ code: 1 }));
    await expect(systemd(execute, folder.path).install(service)).rejects.toThrow(
      'systemctl daemon-reload: no',
    );
    await expect(systemd(execute, '/absent').install(service)).rejects.toThrow(ServiceFailed);
  });

  test('a service that cannot be started leaves what was there before', async () => {
    await using folder = await temporaryFolder();
    let answer = { code: 0 };
    const { lines, execute } = recorder((line) => (/restart|enable/.test(line) ? answer : { code: 0 }));
    const manager = systemd(execute, folder.path);
    answer = { code: 1 };
    await expect(manager.install(service)).rejects.toThrow('systemctl enable --quiet tunnel-acme: no');
    expect(await readdir(folder.path)).toEqual([]);
    expect(lines.splice(0).slice(-2)).toEqual(['systemctl daemon-reload', 'systemctl stop tunnel-acme']);
    answer = { code: 0 };
    await manager.install(service);
    answer = { code: 1 };
    await expect(manager.install({ ...service, argv: ['/x'] })).rejects.toThrow(ServiceFailed);
    expect(await readFile(join(folder.path, 'tunnel-acme.service'), 'utf8')).toBe(unitText(service));
    expect(lines.slice(-2)).toEqual(['systemctl daemon-reload', 'systemctl restart tunnel-acme']);
  });

  test('where systemd does not run, that is said, with what to do, and nothing is left behind', async () => {
    const stderr =
      "System has not been booted with systemd as init system (PID 1). Can't operate.\nFailed to connect to bus: Host is down\n";
    await using folder = await temporaryFolder();
    const manager = systemd(recorder(() => ({ code: 1, stderr })).execute, folder.path);
    await expect(manager.install(service)).rejects.toThrow(
      /^systemd is not running here, and nothing was installed: in a container, make 'ssh-via-gateway tunnel \.\.\.' .* \(systemctl daemon-reload: System has not been .* operate\.; Failed to connect to bus: Host is down\)$/,
    );
    expect(await readdir(folder.path)).toEqual([]);
    expect((await manager.status('tunnel-acme')).isInstalled).toBe(false);

    // What was installed while systemd ran, or into an image.
    const unit = join(folder.path, 'tunnel-acme.service');
    const wants = join(folder.path, 'multi-user.target.wants');
    await mkdir(wants);
    await writeFile(unit, '');
    await symlink(unit, join(wants, 'tunnel-acme.service'));
    expect(await manager.status('tunnel-acme')).toEqual({
      isInstalled: true,
      isRunning: false,
      details: 'systemd is not running here',
    });
    expect(await manager.uninstall('tunnel-acme')).toEqual([
      'removed the systemd service tunnel-acme; systemd is not running here',
    ]);
    expect([await readdir(folder.path), await readdir(wants)]).toEqual([['multi-user.target.wants'], []]);
  });

  test('a service that systemd refuses to end stays', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'tunnel-acme.service'), '');
    const manager = systemd(recorder(() => ({ code: 1, stderr: 'Access denied' })).execute, folder.path);
    await expect(manager.uninstall('tunnel-acme')).rejects.toThrow(/disable --now --quiet: Access denied/);
    expect((await manager.status('tunnel-acme')).isInstalled).toBe(true);
  });
});

describe('launchd', () => {
  test('a service is made once and taken away', async () => {
    await using folder = await temporaryFolder();
    const { lines, execute } = recorder(() => ({ code: 0, stdout: 'x = {\n\tstate = running\n}' }));
    const manager = launchd(execute, folder.path);
    expect(await manager.install(service)).toHaveLength(1);
    expect(await manager.install(service)).toEqual([]);
    expect(lines.splice(0)).toEqual([
      'launchctl bootout system/tunnel-acme',
      `launchctl bootstrap system ${join(folder.path, 'tunnel-acme.plist')}`,
    ]);
    expect(await manager.status('tunnel-acme')).toEqual({
      isInstalled: true,
      isRunning: true,
      details: 'running',
    });
    expect(await manager.uninstall('tunnel-acme')).toHaveLength(1);
    expect((await manager.status('tunnel-acme')).isInstalled).toBe(false);
  });

  test('a service that cannot be started leaves nothing behind', async () => {
    await using folder = await temporaryFolder();
    const { execute } = recorder((line) => ({ code: /bootstrap/.test(line) ? 5 : 0 }));
    await expect(launchd(execute, folder.path).install(service)).rejects.toThrow('bootstrap system');
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('is XML', () => {
    expect(plistText({ ...service, argv: ['a<b>&c'] })).toContain('<string>a&lt;b&gt;&amp;c</string>');
  });
});

describe('Windows', () => {
  const scriptOf = (line: string) => Buffer.from(line.split(' ').at(-1)!, 'base64').toString('utf16le');

  test('the scripts have no mistake, and their values are quoted', async () => {
    const { lines, execute } = recorder((line) => ({
      code: 0,
      stdout: /State/.test(scriptOf(line)) ? 'Ready' : 'made',
    }));
    const manager = windowsTask(execute);
    await manager.install({ ...service, title: "it's" });
    expect(await manager.status('tunnel-acme')).toEqual({
      isInstalled: true,
      isRunning: false,
      details: 'Ready',
    });
    await manager.uninstall('tunnel-acme');
    for (const line of lines) expect(await syntaxErrors(scriptOf(line))).toEqual([]);
    expect(scriptOf(lines[0]!)).toContain(
      `$title = 'it''s'\n$program = '/usr/bin/node'\n$arguments = '"/a b/cli.js" `,
    );
  });
});

test('another system is refused', () => {
  expect(() => managerFor('sunos', recorder().execute)).toThrow(/Services on sunos are not supported/);
});

describe.skipIf(process.platform !== 'linux')('the program', () => {
  const path = process.env['PATH'];
  afterEach(() => vi.unstubAllEnvs());

  async function fakeSystem(folder: string) {
    await mkdir(join(folder, 'bin'));
    await writeFile(join(folder, 'bin', 'systemctl'), `#!/bin/sh\necho "$*" >>${folder}/log\n`, {
      mode: 0o755,
    });
    vi.stubEnv('PATH', `${folder}/bin:${path}`);
    return ['--unit-dir', folder];
  }

  test('tunnel install keeps the options, with whole paths; status and uninstall find it', async () => {
    await using folder = await temporaryFolder();
    const at = await fakeSystem(folder.path);
    const identity = join(folder.path, 'id');
    await writeFile(identity, '');
    const env = { SSH_VIA_GATEWAY_IDENTITY: identity };
    const wanted = [
      '-F',
      'none',
      '--reclaim',
      '-R',
      '9012:127.0.0.1:22',
      '--known-hosts',
      'a',
      '--known-hosts',
      'b',
    ];
    const { exitCode, stderr } = await run(
      ['tunnel', 'install', ...at, ...wanted, 'acme@gateway.example.com'],
      { env },
    );
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const unit = await readFile(join(folder.path, 'ssh-via-gateway-tunnel.service'), 'utf8');
    const [, words = ''] = /"tunnel" (.*)\n/.exec(unit) ?? [];
    expect(words.replaceAll('"', '').split(' ')).toEqual([
      ...['--forward=9012:127.0.0.1:22', '--reclaim', `--identity=${identity}`],
      ...[`--known-hosts=${resolve('a')}`, `--known-hosts=${resolve('b')}`, '--ssh-config=none'],
      'acme@gateway.example.com',
    ]);
    expect((await run(['tunnel', 'status', ...at])).stdout.toString()).toBe('ssh-via-gateway-tunnel: runs\n');
    expect((await run(['tunnel', 'uninstall', ...at])).exitCode).toBe(0);
    expect((await run(['tunnel', 'uninstall', ...at])).stdout.toString()).toContain('is not installed');
  });

  test('tunnel install -c tells the service where the customers are: it runs in another folder', async () => {
    await using folder = await temporaryFolder();
    const at = await fakeSystem(folder.path);
    const file = join(folder.path, 'customers.json');
    const customers = { acme: { account: 'tunnel-acme', port: 9012 } };
    await writeFile(file, JSON.stringify({ gateway: { host: 'gateway.example.com' }, customers }));
    vi.spyOn(process, 'cwd').mockReturnValue(folder.path);
    const installed = await run(['tunnel', 'install', ...at, '-F', 'none', '-c', 'acme']);
    vi.mocked(process.cwd).mockRestore();
    expect(installed).toMatchObject({ exitCode: 0 });
    const unit = await readFile(join(folder.path, 'ssh-via-gateway-acme.service'), 'utf8');
    expect(unit).toContain(`"--customers=${file}"`);
  });

  test.each([
    [['tunnel', 'install', 'gateway'], /There is nothing to publish/],
    [['tunnel', 'install', '-R', '1:a:2', '--ask-password', 'gateway'], /nobody to ask/],
    [
      ['tunnel', 'install', '-R', '1:a:2', '--service', 'a b', '-F', 'none', 'gateway'],
      /--service: 'a b' given; a name of letters, digits, - and _ would be right/,
    ],
    [
      ['tunnel', 'install', '-R', '1:a:2', '-F', 'none', '-i', '/absent/key', 'gateway'],
      /--identity: there is no file \/absent\/key; /,
    ],
    [['tunnel', 'status', 'gateway'], /no other argument/],
  ])('%j is wrong use, and nothing is done', async (argv, message) => {
    await using folder = await temporaryFolder();
    const at = await fakeSystem(folder.path);
    const { exitCode, stderr } = await run([...argv.slice(0, 2), ...at, ...argv.slice(2)]);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(message) });
    await expect(readFile(join(folder.path, 'log'))).rejects.toThrow('ENOENT');
  });

  test('tunnel itself is still a command with help of its own', async () => {
    expect((await run(['tunnel', '--help'])).stdout.toString()).toMatch(
      /^Usage: ssh-via-gateway tunnel \[options\] -R/,
    );
    expect((await run(['help', 'tunnel'])).stdout.toString()).toMatch(
      /^Usage: ssh-via-gateway tunnel \[options\] -R/,
    );
  });
});
