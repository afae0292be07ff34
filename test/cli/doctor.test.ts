import { test as each, expect, vi } from 'vitest';
import type { Step, StepName } from '../../src/cli/doctor/steps.ts';
import {
  type ExecHandler,
  type Faults,
  type MockServerOptions,
  startMockGateway,
} from '../../src/mock-server/index.ts';
import { decodeCommand } from '../support/decode-powershell.ts';
import { posix } from './doctor/pcs.ts';
import { addressOf, flagsFor, run } from './run.ts';
import { type CliWorld, startWorld } from './world.ts';

/** Each waits for silence here and there: all at once they take as long as one. */
const test = each.concurrent;

interface Report {
  ok: boolean;
  exitCode: number;
  steps: Array<Step & { ms?: number }>;
}

/** A Korean Windows PC. */
const windows: ExecHandler = (context) => {
  const { command } = context;
  if (command.includes('$0')) return 'ssh-via-gateway-doctor C:\\Windows\\system32\\cmd.exe $0\r\n';
  if (command === 'chcp') return '활성 코드 페이지: 949\r\n';
  if (command === 'cmd /d /q') return { stdout: 'C:\\>', echoStdin: true };
  if (command.includes('-EncodedCommand') && decodeCommand(command).includes('ToUnixTimeMilliseconds')) {
    return `${Date.now() + 3_600_000}\r\n`;
  }
  return 127;
};

async function doctor(
  world: CliWorld,
  args: readonly string[] = [],
): Promise<{ report: Report; stderr: string }> {
  const { stdout, stderr, exitCode } = await world.run('doctor', ['--json', ...args, world.address]);
  const report = JSON.parse(stdout.toString()) as Report;
  expect(report.exitCode).toBe(exitCode);
  return { report, stderr };
}

function stepOf(report: Report, name: StepName): Step {
  return report.steps.find((step) => step.name === name)!;
}

test('a healthy PC gets ok at every step, in order, with times', async () => {
  await using world = await startWorld({ exec: posix() });
  const { report, stderr } = await doctor(world);
  expect(stderr).toBe('');
  expect(report.steps.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
    ...['dns ok', 'tcp ok', 'banner ok', 'keys ok', 'hostKey ok', 'login ok', 'exec ok', 'sftp ok'],
    ...['maxSessions ok', 'keepalive ok', 'clock ok', 'shell ok', 'disk ok', 'windows skipped'],
  ]);
  expect(report).toMatchObject({ ok: true, exitCode: 0 });
  for (const name of ['tcp', 'banner', 'keys', 'login', 'exec', 'sftp'] as const) {
    expect(stepOf(report, name).ms).toBeTypeOf('number');
  }
  expect(stepOf(report, 'maxSessions').facts).toEqual({ maxSessions: 10 });
});

test('a Korean Windows PC: its shell, its code page, its wrong clock', async () => {
  await using world = await startWorld({ windows: { codePage: 949 }, exec: windows });
  const { report } = await doctor(world);
  expect(stepOf(report, 'shell')).toMatchObject({
    verdict: 'ok',
    says: expect.stringContaining("encoding: 'cp949'"),
    facts: { shell: 'cmd', codePage: 949, encoding: 'cp949' },
  });
  expect(stepOf(report, 'clock')).toMatchObject({ verdict: 'warn', says: 'its clock is 1 h ahead' });
  expect(stepOf(report, 'maxSessions').facts).toEqual({ maxSessions: 10 });
  expect(report.exitCode).toBe(0);
});

interface Case {
  what: string;
  faults?: Faults;
  server?: MockServerOptions;
  args?: string[];
  step: StepName;
  verdict?: 'warn' | 'fail';
  exitCode: number;
  says: RegExp;
  todo: RegExp;
}

const badKey = 'SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

const cases: Case[] = [
  {
    what: 'a zombie',
    faults: { banner: 'mute' },
    args: ['--banner-timeout', '300ms'],
    ...{ step: 'banner', exitCode: 12, says: /zombie/, todo: /each connection keeps the zombie alive/ },
  },
  {
    what: 'a PC whose sshd is down',
    faults: { banner: { close: 'fin' } },
    ...{ step: 'banner', exitCode: 12, says: /sshd of the PC is not/, todo: /Start-Service sshd/ },
  },
  {
    what: 'something that is no SSH server',
    faults: { banner: { garbage: 'HTTP/1.1 400 Bad Request\r\n\r\n', thenClose: true } },
    ...{ step: 'banner', exitCode: 12, says: /HTTP/, todo: /host and port/ },
  },
  {
    what: 'a server that hangs up before the keys',
    faults: { handshake: { closeInKex: 'fin' } },
    ...{ step: 'keys', exitCode: 13, says: /./, todo: /MaxStartups/ },
  },
  {
    what: 'a server that is mute in the key exchange',
    faults: { handshake: { hang: true } },
    args: ['--handshake-timeout', '300ms'],
    ...{ step: 'keys', exitCode: 13, says: /silent in the key exchange/, todo: /MTU/ },
  },
  {
    what: 'a wrong host key',
    args: ['--host-key', badKey],
    ...{ step: 'hostKey', exitCode: 14, says: /it shows SHA256:/, todo: /Ask before/ },
  },
  {
    what: 'a login that is refused',
    faults: { auth: { refuse: true } },
    ...{ step: 'login', exitCode: 15, says: /publickey \(/, todo: /administrators_authorized_keys/ },
  },
  {
    what: 'a login that never comes',
    faults: { auth: { hang: true } },
    args: ['--auth-timeout', '300ms'],
    ...{ step: 'login', exitCode: 15, says: /did not finish the login/, todo: /domain controller/ },
  },
  {
    what: 'an account that may not run commands',
    faults: { exec: { refuse: true } },
    ...{ step: 'exec', exitCode: 16, says: /refused/, todo: /forced command/ },
  },
  {
    what: 'a forced command',
    server: { exec: () => ({ stdout: 'only backups\u001b[2J here\n', exitCode: 1 }) },
    ...{ step: 'exec', exitCode: 16, says: /"only backups\\x1b\[2J here"/, todo: /ForceCommand/ },
  },
  {
    what: 'a server without SFTP',
    server: { sftp: false },
    ...{ step: 'sftp', exitCode: 17, says: /./, todo: /Subsystem sftp/ },
  },
  {
    what: 'one session at a time',
    server: { maxSessions: 1 },
    ...{
      step: 'maxSessions',
      verdict: 'warn',
      exitCode: 0,
      says: /one command at a time/,
      todo: /MaxSessions 10/,
    },
  },
  {
    what: 'a server that answers no keepalive',
    faults: { keepalive: 'ignore' },
    ...{ step: 'keepalive', exitCode: 19, says: /does not answer keepalives/, todo: /--keepalive none/ },
  },
  {
    what: 'a shell that speaks before every command',
    server: { exec: ({ command }) => (command.includes('$0') ? `Welcome!\n${command.slice(5)}\n` : 'x') },
    ...{ step: 'exec', verdict: 'warn', exitCode: 0, says: /"Welcome!"/, todo: /bashrc/ },
  },
  {
    what: 'a host key that is not checked',
    args: ['--insecure-accept-any-host-key'],
    ...{ step: 'hostKey', verdict: 'warn', exitCode: 0, says: /not checked/, todo: /--host-key SHA256:/ },
  },
];

each.concurrent.each(cases)('$what: $step, exit code $exitCode, and what to do', async (one) => {
  const { faults, server = { exec: posix() }, args = [] } = one;
  await using own = await startWorld({ exec: posix(), ...server, ...(faults ? { faults } : {}) });
  // An option of the case takes the place of the one that logs in.
  const kept = args.some((arg) => arg.includes('host-key')) ? own.flags.slice(0, -2) : own.flags;
  const { stdout, stderr, exitCode } = await run(['doctor', '--json', ...kept, ...args, own.address]);
  expect(stderr).toBe('');
  const report = JSON.parse(stdout.toString()) as Report;
  const step = stepOf(report, one.step);
  expect(step).toMatchObject({ verdict: one.verdict ?? 'fail' });
  expect(step.says).toMatch(one.says);
  expect(step.todo).toMatch(one.todo);
  expect(exitCode).toBe(one.exitCode);
  const at = report.steps.indexOf(step as Report['steps'][number]);
  expect(report.steps.slice(0, at).filter(({ verdict }) => verdict === 'fail')).toEqual([]);
  expect(report.steps).toHaveLength(14);
});

test('a refused port means: no tunnel', async () => {
  await using world = await startWorld();
  await world.server.close();
  const { report } = await doctor(world);
  expect(stepOf(report, 'tcp')).toMatchObject({
    verdict: 'fail',
    says: expect.stringContaining('no tunnel is up'),
  });
  expect(stepOf(report, 'sftp')).toMatchObject({ verdict: 'skipped', says: 'not reached' });
  expect(report.exitCode).toBe(11);
});

test('a name without an address is reported before anything opens', async () => {
  const { exitCode, stdout } = await run(['doctor', '--ssh-config', 'none', 'nobody.invalid']);
  expect(exitCode).toBe(10);
  expect(stdout.toString()).toMatch(/FAIL {2}DNS/);
});

test('no recorded key: shows the fingerprint and how to accept it', async () => {
  await using world = await startWorld();
  const flags = world.flags.slice(0, -2);
  const args = ['--known-hosts', `${world.folder}/none`, world.address];
  const { stdout, exitCode } = await run(['doctor', ...flags, ...args]);
  expect(exitCode).toBe(14);
  expect(stdout.toString()).toContain(world.server.hostKey.fingerprint);
  expect(stdout.toString()).toContain('--accept-new');
});

test('a vanished PC behind a gateway is reported as a zombie, after one attempt', async () => {
  await using gateway = await startMockGateway();
  await using world = await startWorld();
  const pc = await gateway.addPc();
  pc.vanish();
  const flags = flagsFor(pc.server, world.identity);
  const { exitCode, stdout } = await run([
    ...['doctor', ...flags, '--banner-timeout', '300ms'],
    addressOf({ host: gateway.host, port: pc.port }),
  ]);
  expect(exitCode).toBe(12);
  expect(stdout.toString()).toMatch(/FAIL {2}banner .*zombie/);
  expect(stdout.toString()).toMatch(/It does not work: banner \(exit code 12\)\./);
});

test('a server lost in the middle is reported at that step, and the other steps are listed', async () => {
  const faults: Faults = { connections: 1, disconnect: { phase: 'sftp', message: 'bye' } };
  await using world = await startWorld({ exec: posix(), faults });
  const { report } = await doctor(world);
  expect(stepOf(report, 'exec').verdict).toBe('ok');
  const failed = report.steps.find(({ verdict }) => verdict === 'fail');
  expect(failed).toMatchObject({
    name: expect.stringMatching(/^(sftp|maxSessions)$/),
    code: 'SSH_CONNECTION_LOST',
  });
  expect(report.steps).toHaveLength(14);
  expect(report.exitCode).toBe(failed?.name === 'sftp' ? 17 : 18);
});

test('an unanswered keepalive ends only its own connection: later checks continue', async () => {
  await using world = await startWorld({ exec: posix(), faults: { keepalive: 'ignore' } });
  const { report } = await doctor(world);
  expect(stepOf(report, 'keepalive').verdict).toBe('fail');
  expect(stepOf(report, 'clock').verdict).toBe('ok');
});

test('with --strict a warning is a failure', async () => {
  await using world = await startWorld({ exec: posix(), maxSessions: 1 });
  const { report } = await doctor(world, ['--strict']);
  expect(report.exitCode).toBe(18);
});

test('Ctrl-C stops it in any wait, with exit code 130', async () => {
  await using world = await startWorld({ faults: { banner: 'mute' } });
  const running = world.run('doctor', [world.address]);
  await vi.waitFor(() => expect(world.server.connections).toBe(1));
  running.stop();
  expect((await running).exitCode).toBe(130);
  await vi.waitFor(() => expect(world.server.connections).toBe(0));
});
