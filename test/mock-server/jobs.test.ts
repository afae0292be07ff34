import { afterEach, describe, expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import type { TextRunJobOptions } from '../../src/job/run/run-types.ts';
import {
  type MockServer,
  type MockServerOptions,
  startMockServer,
  type WindowsPersonality,
} from '../../src/mock-server/index.ts';
import { DetachedCommand } from '../../src/mock-server/jobs/detached.ts';
import { runJob } from '../../src/run-job.ts';
import { optionsFor } from '../support/connect.ts';

/** What a user's own tests of code with jobs rely on. */
describe.each<[string, MockServerOptions['windows'] & (object | false)]>([
  ['a POSIX', false],
  ['a Windows 7.7', { codePage: 949 }],
  ['a Windows 8.1', { version: '8.1', codePage: 949 }],
  ['a Windows 9.5', { version: '9.5', codePage: 949 }],
  ['a Windows 9.8', { version: '9.8', codePage: 949, account: 'standard' }],
])('the jobs of %s mock server', (_, windows) => {
  let server: MockServer;
  let started: string[];
  afterEach(() => server.close());

  async function serve(exec: NonNullable<MockServerOptions['exec']>) {
    started = [];
    server = await startMockServer({ windows, exec });
  }
  const run = (command: string, changes: Partial<TextRunJobOptions> = {}) =>
    runJob(optionsFor(server), command, { id: 'job', pollInterval: 200, ...changes });
  const encoding = windows ? 'cp949' : 'utf8';

  it('run as the exec option defines their command', async () => {
    await serve({ 'run.cmd': { stdout: '한글\n', stderr: '경고', exitCode: 3, delayMs: 150 } });
    const result = await run('run.cmd', { encoding, reject: false });
    expect(result).toMatchObject({ stdout: '한글\n', stderr: '경고', exitCode: 3 });
    expect(result.durationMs).toBeGreaterThanOrEqual(140);
  });

  it('may destructure their command', async () => {
    const seen: string[] = [];
    await serve((context) => {
      const { exit, kill, close, fallback, onSignal, stdout, stderr, stdin, closed, ...rest } = context;
      seen.push(typeof rest, `${closed.aborted}`, `${stdin.readable}`);
      onSignal(() => seen.push('signal'));
      stdout.write('out');
      stderr.write('err');
      if (context.command.includes('exit')) return exit(4);
      if (context.command.includes('kill')) return kill('TERM');
      if (context.command.includes('close')) return close();
      return fallback();
    });
    const outcome = async (id: string) => {
      const { stdout, stderr, exitCode, signal } = await run(id, { id, reject: false });
      return { stdout, stderr: stderr.slice(0, 3), exitCode, signal };
    };
    expect(await outcome('exit')).toMatchObject({ stdout: 'out', stderr: 'err', exitCode: 4 });
    expect(await outcome('kill')).toMatchObject({ stdout: 'out', stderr: 'err', exitCode: 143 });
    expect(await outcome('close')).toMatchObject({ stdout: 'out', stderr: 'err', exitCode: 255 });
    expect((await outcome('other')).stdout).toMatch(/^out/);
    const members = new DetachedCommand({ username: 'kim', connection: 1 }, 'x', 65001);
    const names = Object.entries(members).filter(([, value]) => typeof value === 'function');
    expect(names.map(([name]) => name)).toEqual(['onSignal', 'exit', 'kill', 'close', 'fallback']);
    expect(seen.slice(0, 3)).toEqual(['object', 'false', 'true']);
  });

  it('start once per id, write over time, and keep their result across connections', async () => {
    await serve(async ({ command, stdout }) => {
      started.push(command);
      stdout.write('one\n');
      await new Promise((resolve) => setTimeout(resolve, 300));
      stdout.write('two\n');
      return 7;
    });
    const seen: string[] = [];
    const both = await Promise.all([
      run('work', { reject: false, onOutput: (text) => void seen.push(text) }),
      run('work', { reject: false }),
    ]);
    for (const result of both) expect(result).toMatchObject({ stdout: 'one\ntwo\n', exitCode: 7 });
    expect(seen).toEqual(['one\n', 'two\n']);
    expect(started).toEqual(['work']);
    await expect(run('other')).rejects.toMatchObject({ name: 'JobConflict' });
  });

  it('are followed over a connection that breaks', async () => {
    await serve({ work: { stdout: 'done\n', delayMs: 400 } });
    const job = run('work');
    await server.waitFor('exec');
    server.drop(1, 'rst');
    expect((await job).stdout).toBe('done\n');
    expect(server.journal.filter(({ type }) => type === 'connect').length).toBeGreaterThan(1);
  });

  it('can be killed, removed and listed', async () => {
    await serve({ work: { delayMs: 60_000 }, quick: {} });
    await using connection = await connectViaGateway(optionsFor(server));
    const job = await connection.startJob('work', { id: 'long' });
    await connection.startJob('quick', { id: 'short' });
    await expect(job.remove()).rejects.toMatchObject({ name: 'JobAccessFailed' });
    expect(await job.kill()).toEqual({ state: 'killed', signal: windows ? 'SIGKILL' : 'SIGTERM' });
    expect((await connection.listJobs()).map(({ id, status }) => [id, status.state])).toEqual([
      ['long', 'killed'],
      ['short', 'exited'],
    ]);
    await job.remove();
    expect(await job.status()).toMatchObject({ state: 'lost' });
  });

  it('are ended by force if their handler ignores the signal', async () => {
    await serve(() => new Promise(() => {}));
    await using connection = await connectViaGateway(optionsFor(server));
    const job = await connection.startJob('work', { id: 'deaf' });
    expect(await job.kill({ grace: 100 })).toEqual({ state: 'killed', signal: 'SIGKILL' });
  });

  it('do not handle other scripts', async () => {
    await serve(({ command }) => command.slice(0, 10));
    await using connection = await connectViaGateway(optionsFor(server));
    expect((await connection.exec("exec /bin/sh -c 'x' sh 'a=b' c")).stdout).toBe('exec /bin/');
    expect((await connection.powershell('Get-Date')).stdout).toMatch(/^(powershell|pwsh)/);
    expect((await connection.powershell(`# ${'x'.repeat(20_000)}`)).stdout).toMatch(/^(powershell|pwsh)/);
  });
});

describe('the jobs of a Windows mock server that bars them', () => {
  const run = async (windows: WindowsPersonality, interactive = false) => {
    await using server = await startMockServer({ windows, exec: { work: { stdout: 'done' } } });
    return await runJob(optionsFor(server), 'work', { id: 'job', interactive, pollInterval: 200 });
  };

  it('do not start on the desktop for a standard account, but otherwise as usual', async () => {
    await expect(run({ account: 'standard' }, true)).rejects.toMatchObject({
      code: 'SSH_JOB_ACCESS_FAILED',
      message: expect.stringContaining('by the task scheduler: Access is denied'),
    });
    expect((await run({ account: 'standard' })).stdout).toBe('done');
    expect((await run({}, true)).stdout).toBe('done');
  });

  it('do not start if PowerShell is restricted', async () => {
    await expect(run({ languageMode: 'ConstrainedLanguage' })).rejects.toMatchObject({
      code: 'SSH_JOB_ACCESS_FAILED',
      hint: expect.stringContaining('AppLocker'),
    });
  });
});
