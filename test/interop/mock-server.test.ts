import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type MockServer, startMockGateway, startMockServer } from '../../src/mock-server/index.ts';
import { login, run, until, visit } from '../mock-server/support.ts';

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

let folder: string;
const children: ChildProcess[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mock-interop-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Options with which the real client trusts exactly this server and logs in with its key. */
function trust(server: MockServer): string[] {
  const key = join(folder, `key-${server.port}`);
  const known = join(folder, `known-${server.port}`);
  writeFileSync(key, server.clientKey.privateKey, { mode: 0o600 });
  writeFileSync(known, `[${server.host}]:${server.port} ${server.hostKey.publicKey}\n`);
  const options = [
    `UserKnownHostsFile=${known}`,
    `Port=${server.port}`,
    'IdentitiesOnly=yes',
    'BatchMode=yes',
  ];
  return [
    '-F',
    '/dev/null',
    '-i',
    key,
    ...[...options, 'StrictHostKeyChecking=yes'].flatMap((option) => ['-o', option]),
  ];
}

function start(program: string, args: string[], stdin = ''): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(program, args);
  children.push(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, ended };
}

const ssh = (server: MockServer, args: string[], stdin?: string) =>
  start('ssh', [...trust(server), ...args], stdin);
const target = (server: MockServer) => `rpa@${server.host}`;
const sftp = (server: MockServer, commands: string) =>
  start('sftp', [...trust(server), '-b', '-', target(server)], commands).ended;

describe("OpenSSH's ssh against the mock server", () => {
  it('verifies the host key, logs in with the client key and runs commands', async () => {
    await using server = await startMockServer({
      exec: { fails: { stdout: 'out\n', stderr: 'err\n', exitCode: 9 } },
    });
    expect(await ssh(server, [target(server), 'echo hello']).ended).toMatchObject({
      code: 0,
      stdout: 'hello\n',
    });
    expect(await ssh(server, [target(server), 'fails']).ended).toEqual({
      code: 9,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect(await ssh(server, [target(server), 'cat'], 'from stdin').ended).toMatchObject({
      code: 0,
      stdout: 'from stdin',
    });
    await using other = await startMockServer({ users: [{ username: 'rpa', password: 'x' }] });
    expect((await ssh(other, [target(other), 'true']).ended).stderr).toContain('Permission denied');
  });

  it('shows the fingerprint that ssh-keygen and ssh-keyscan show', async () => {
    await using server = await startMockServer();
    const scan = await start('ssh-keyscan', ['-t', 'ed25519', '-p', String(server.port), server.host]).ended;
    expect(scan.stdout).toContain(server.hostKey.publicKey);
    const shown = await start('ssh-keygen', ['-l', '-f', '-'], server.hostKey.publicKey).ended;
    expect(shown.stdout).toContain(server.hostKey.fingerprint);
  });

  it('passes 20 MB through a command, both ways', async () => {
    await using server = await startMockServer();
    const data = 'x'.repeat(20 << 20);
    const { code, stdout } = await ssh(server, [target(server), 'cat'], data).ended;
    expect([code, stdout === data]).toEqual([0, true]);
  });

  it('survives re-keying by either side', async () => {
    await using server = await startMockServer();
    const running = ssh(server, ['-o', 'RekeyLimit=1M', target(server), 'cat'], 'y'.repeat(5 << 20));
    await server.waitFor('exec');
    await server.rekey();
    const { code, stdout } = await running.ended;
    expect([code, stdout.length]).toEqual([0, 5 << 20]);
    expect(server.journal.filter((entry) => entry.type === 'kex').length).toBeGreaterThan(3);
  });

  it('reports faults in its own words', async () => {
    await using server = await startMockServer();
    const stderr = async (args: string[] = ['true']) =>
      (await ssh(server, [target(server), ...args]).ended).stderr;
    server.setFaults({ banner: { preLines: ['Exceeded MaxStartups'] } });
    expect(await stderr()).toBe('');
    server.setFaults({ handshake: { closeInKex: 'fin' } });
    expect(await stderr()).toMatch(/kex_exchange_identification|Connection closed/);
    server.setFaults({ disconnect: { code: 11, message: 'going down now', phase: 'ready' } });
    expect(await stderr(['sleep 60'])).toContain('going down now');
    server.setFaults({ channel: { refuse: true, reason: 1, text: 'not here' } });
    expect(await stderr()).toContain('administratively prohibited: not here');
    server.setFaults({ banner: 'mute' });
    const waiting = ssh(server, ['-o', 'ConnectTimeout=1', target(server), 'true']);
    expect((await waiting.ended).stderr).toContain('timed out during banner exchange');
  });

  it('detects a server that ignores keepalives', async () => {
    await using server = await startMockServer({ faults: { keepalive: 'ignore' } });
    const options = ['-o', 'ServerAliveInterval=1', '-o', 'ServerAliveCountMax=1'];
    const { stderr } = await ssh(server, [...options, target(server), 'sleep 60']).ended;
    expect(stderr).toContain('not responding');
  });
});

describe("OpenSSH's sftp against the mock server", () => {
  it('puts, gets, lists, renames, links and removes, in memory and in a folder', async () => {
    const local = join(folder, 'local.bin');
    const back = join(folder, 'back.bin');
    writeFileSync(local, Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => index % 251)));
    const root = mkdtempSync(join(folder, 'root-'));
    for (const options of [{}, { sftp: { root } }]) {
      await using server = await startMockServer(options);
      const { code, stdout, stderr } = await sftp(
        server,
        [
          `put ${local} a.bin`,
          'mkdir sub',
          'rename a.bin sub/b.bin',
          'ln -s sub/b.bin link',
          'ln sub/b.bin hard',
          'chmod 600 hard',
          'ls -la',
          'ls -l sub',
          `get -p link ${back}`,
          'cp sub/b.bin sub/c.bin',
          'rm hard',
          'rm sub/b.bin',
          'rm sub/c.bin',
          'rmdir sub',
          'rm link',
        ].join('\n'),
      );
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/-rw-------\s+\S+ \S+\s+\S+\s+3000000 .*hard/);
      expect(stdout).toMatch(/lrwxrwxrwx.* link/);
      expect(readFileSync(back).equals(readFileSync(local))).toBe(true);
      expect(server.files.list()).toEqual([]);
      rmSync(back);
    }
  });

  it('moves whole folders with their times and modes', async () => {
    const tree = mkdtempSync(join(folder, 'tree-'));
    writeFileSync(join(tree, '한글 name'), 'hangul', { mode: 0o640 });
    await using server = await startMockServer();
    const copy = join(folder, 'copy');
    expect(await sftp(server, `put -pR ${tree} tree\nget -pR tree ${copy}`)).toMatchObject({ code: 0 });
    expect(server.files.stat('/home/rpa/tree/한글 name').mode).toBe(0o640);
    expect(readFileSync(join(copy, '한글 name'), 'utf8')).toBe('hangul');
  });

  it('answers errors as sshd does', async () => {
    await using server = await startMockServer();
    server.files.write('/home/rpa/f', 'x', { mode: 0o000 });
    for (const [command, message] of [
      ['get nothing', 'not found'],
      ['get f', 'Permission denied'],
      ['rmdir f', 'No such file'],
      ['mkdir /no/such/folder', 'No such file'],
    ] as const) {
      const { code, stderr, stdout } = await sftp(server, command);
      expect(code).toBe(1);
      expect(stderr + stdout).toContain(message);
    }
  });
});

describe('OpenSSH as a tunnel client of the mock gateway', () => {
  it('publishes a port by ssh -R, is refused a second time, and is taken for a zombie', async () => {
    await using gateway = await startMockGateway();
    await using pc = await startMockServer({ exec: { hostname: { stdout: 'REAL-PC\n' } } });
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const forward = ['-N', '-o', 'ExitOnForwardFailure=yes', '-R', `${port}:${pc.host}:${pc.port}`];
    const tunnel = ssh(gateway.ssh, [...forward, target(gateway.ssh)]);
    await gateway.ssh.waitFor((entry) => entry.type === 'forward' && entry.accepted);

    const through = trust(pc).map((part) => part.replace(`Port=${pc.port}`, `Port=${port}`));
    const alias = ['-o', `HostKeyAlias=[${pc.host}]:${pc.port}`];
    const worker = await start('ssh', [...through, ...alias, target(pc), 'hostname']).ended;
    expect(worker).toMatchObject({ code: 0, stdout: 'REAL-PC\n' });

    const second = await ssh(gateway.ssh, [...forward, target(gateway.ssh)]).ended;
    expect(second.stderr).toContain('remote port forwarding failed');

    gateway.freezeClient(port);
    const silent = visit(port);
    const visitors = () => gateway.ssh.journal.filter((entry) => entry.type === 'forward-visitor').length;
    await until(() => visitors() === 2);
    gateway.releasePort(port);
    expect(await silent.ended).toBe('rst');
    expect((await tunnel.ended).code).toBe(255);
    expect(await visit(port).ended).toBe('ECONNREFUSED');
  });

  it('reaches a PC through the gateway with -J and -W', async () => {
    await using gateway = await startMockGateway();
    const pc = await gateway.addPc({ server: { exec: { hostname: { stdout: 'PC-3\n' } } } });
    const proxy = ['ssh', ...trust(gateway.ssh), '-W', '%h:%p', target(gateway.ssh)].join(' ');
    const { code, stdout } = await ssh(pc.server, [
      '-o',
      `ProxyCommand=${proxy}`,
      target(pc.server),
      'hostname',
    ]).ended;
    expect([code, stdout]).toEqual([0, 'PC-3\n']);
  });

  it('forwards Unix sockets both ways', async () => {
    await using gateway = await startMockGateway({ unixSockets: { bindUnlink: true } });
    await using pc = await startMockServer();
    const path = join(folder, 'pc.sock');
    ssh(gateway.ssh, ['-N', '-R', `${path}:${pc.host}:${pc.port}`, target(gateway.ssh)]);
    await until(() => existsSync(path));
    const local = join(folder, 'local.sock');
    ssh(gateway.ssh, ['-N', '-L', `${local}:${path}`, target(gateway.ssh)]);
    await until(() => existsSync(local));
    const client = await login(pc, { sock: connect(local) });
    expect((await run(client, 'echo through')).stdout).toBe('through\n');
  });
});
