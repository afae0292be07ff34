import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/connection.ts';
import { startJob } from '../../src/job/start-job.ts';
import { untilOver } from '../job/support.ts';
import { changedScripts } from './support/changed-script.ts';
import { startWindowsPc, type WindowsPc } from './support/pc.ts';

let pc: WindowsPc;
let connection: Connection;
let number = 0;
beforeAll(async () => {
  pc = await startWindowsPc();
  connection = await pc.connect();
});
beforeEach(() => pc.reset());
afterAll(async () => {
  await connection?.close();
  await pc?.[Symbol.asyncDispose]();
});

const start = (command: string, options: object = {}) =>
  connection.startJob(command, { id: `job-${++number}`, ...options });
const folders = () => readdir(join(pc.home, 'AppData/Local\\ssh-via-gateway\\jobs'));
const timesRun = async (file: string) =>
  (await connection.exec(`cat ${file} 2>/dev/null || true`)).stdout.split('\n').length - 1;

describe('a job of a standard account, which may not use WMI', () => {
  beforeEach(() => pc.set('wmi', 'denied'));

  it('starts once, outlives its connection, and gives its output and its code', async () => {
    const first = await pc.connect();
    const job = await first.startJob('echo started >>once; sleep 2; echo done; exit 3', { id: 'standard' });
    expect(job.isNew).toBe(true);
    await first.close();
    const again = await connection.startJob('echo started >>once; sleep 2; echo done; exit 3', {
      id: 'standard',
    });
    expect(again.isNew).toBe(false);
    expect(await untilOver(again)).toEqual({ state: 'exited', exitCode: 3 });
    expect((await again.output()).stdout.toString()).toBe('done\n');
    expect(await timesRun('once')).toBe(1);
    expect(await pc.log()).toEqual([]);
  });

  it('has the environment of the session', async () => {
    const job = await start('echo $MARK_OF_SESSION');
    await untilOver(job);
    expect((await job.output()).stdout.toString()).toBe('session\n');
  });

  it.each([
    [
      'no process may leave the job object',
      'no-breakaway',
      /without WMI: CreateProcess failed with 5 .*; through WMI: Access denied \(0x80070005 /,
      /administrator/,
    ],
    ['no C# can be run', 'no-kernel32', /without WMI: .+; through WMI: Access denied/, /administrator/],
  ] as const)('is refused with both reasons where %s', async (_, setting, reason, hint) => {
    await pc.set(setting);
    await expect(start('echo x >>never')).rejects.toMatchObject({
      ...{
        name: 'JobAccessFailed',
        reason: expect.stringMatching(reason),
        hint: expect.stringMatching(hint),
      },
    });
    expect(await folders()).not.toContain(`job-${number}`);
    expect(await timesRun('never')).toBe(0);
  });
});

describe('a job through WMI', () => {
  it('is the second way: it starts once, with the environment of the session', async () => {
    await pc.set('no-breakaway');
    const job = await start('echo x >>second; echo $MARK_OF_SESSION');
    expect(await untilOver(job)).toEqual({ state: 'exited', exitCode: 0 });
    expect((await job.output()).stdout.toString()).toBe('session\n');
    expect(await pc.log()).toEqual(['wmi']);
    expect(await timesRun('second')).toBe(1);
  });

  it('takes over where the first process ended at once', async () => {
    await pc.set('stillborn');
    const job = await start('echo x >>third');
    await untilOver(job);
    expect(await timesRun('third')).toBe(1);
    expect(await pc.log()).toEqual(['wmi']);
  });

  it('names the rule that lets nothing start', async () => {
    await pc.set('no-breakaway');
    await pc.set('wmi', '2');
    await expect(start('echo')).rejects.toMatchObject({
      reason: expect.stringContaining('through WMI: Win32_Process.Create returned 2'),
      hint: expect.stringContaining('d1e49aac-8f56-4280-b9ba-993a6d77406c'),
    });
  });
});

describe('a job that cannot start', () => {
  it('says that the language mode forbids the scripts', async () => {
    await pc.set('language-mode', 'ConstrainedLanguage');
    await expect(start('echo')).rejects.toMatchObject({
      name: 'JobAccessFailed',
      reason: expect.stringContaining('ConstrainedLanguage'),
      hint: expect.stringMatching(/AppLocker/),
    });
  });

  it('says that there is no PowerShell', async () => {
    await pc.set('no-powershell');
    await expect(start('echo')).rejects.toMatchObject({
      name: 'JobAccessFailed',
      hint: expect.stringMatching(/PowerShell 5.1/),
    });
  });
});

describe('an interactive job', () => {
  it.each([
    [true, 'task LeastPrivilege PT0S false'],
    [{ runLevel: 'highest' }, 'task HighestAvailable PT0S false'],
  ])('runs as a task: %j', async (interactive, noted) => {
    const job = await start('echo desk', { interactive });
    expect(await untilOver(job)).toEqual({ state: 'exited', exitCode: 0 });
    expect((await job.output()).stdout.toString()).toBe('desk\n');
    expect(await pc.log()).toEqual([noted]);
  });

  it('is ended when its time is up, with what it started', async () => {
    const job = await start('sleep 4711 & sleep 4712', { interactive: { executionTimeLimit: 1_000 } });
    expect(await untilOver(job)).toEqual({ state: 'killed', signal: 'SIGKILL' });
    const { stdout } = await connection.exec('ps -A -o args= | grep -c "^sleep 471[12]" || true');
    expect(stdout.trim()).toBe('0');
  });

  it.each([
    ['are not for this account', 'denied', true, 'schtasks LeastPrivilege PT0S false'],
    ['are not there', 'missing', { runLevel: 'highest' }, 'schtasks HighestAvailable PT0S false'],
  ] as const)('is started by schtasks.exe where the cmdlets %s', async (_, setting, interactive, noted) => {
    await pc.set('tasks', setting);
    const job = await start('echo x >>by-program; echo desk', { interactive });
    expect(await untilOver(job)).toEqual({ state: 'exited', exitCode: 0 });
    expect((await job.output()).stdout.toString()).toBe('desk\n');
    expect(await pc.log()).toEqual([noted]);
    expect(await timesRun('by-program')).toBe(1);
    await connection.exec('rm by-program');
    await expect.poll(() => pc.tasks()).toEqual([]);
  });

  it('keeps its time limit when schtasks.exe has started it, and its task goes with it', async () => {
    await pc.set('tasks', 'denied');
    await pc.set('wmi', 'denied');
    const job = await start('sleep 4711 & sleep 4712 || sleep 4712', {
      interactive: { executionTimeLimit: 1_000 },
    });
    expect(await untilOver(job)).toEqual({ state: 'killed', signal: 'SIGKILL' });
    const { stdout } = await connection.exec('ps -A -o args= | grep -c "^sleep 471[12]" || true');
    expect(stdout.trim()).toBe('0');
    await expect.poll(() => pc.tasks()).toEqual([]);
  });

  it.each([
    [
      'the account may make no tasks',
      'schtasks',
      'schtasks.exe ended with 1: ERROR: Access is denied.',
      /accepts no task/,
    ],
    ['a policy bars schtasks.exe', 'no-schtasks', 'schtasks.exe', /policy.*blocks schtasks\.exe/],
  ] as const)('is refused with both reasons where %s', async (_, setting, reason, hint) => {
    await pc.set('tasks', 'denied');
    await pc.set(setting, 'denied');
    await expect(start('echo x >>never', { interactive: true })).rejects.toMatchObject({
      name: 'JobAccessFailed',
      reason: expect.stringMatching(`by the task scheduler: Access denied .*; by schtasks.exe: .*${reason}`),
      hint: expect.stringMatching(hint),
    });
    expect(await folders()).not.toContain(`job-${number}`);
    expect(await timesRun('never')).toBe(0);
  });

  it.each([
    ['the cmdlets', 'reset', 'by the task scheduler'],
    ['schtasks.exe', 'tasks', 'by schtasks.exe'],
  ] as const)('is refused where nobody is logged on, whom %s cannot tell', async (_, setting, by) => {
    if (setting === 'tasks') await pc.set('tasks', 'denied');
    await pc.set('desktop', 'nobody');
    const impatient = changedScripts(connection, (script) => script.replace('+60000', '+1000'));
    await expect(
      startJob(impatient, 'echo x >>never', { id: 'nobody', interactive: true }),
    ).rejects.toMatchObject({
      name: 'JobAccessFailed',
      reason: expect.stringMatching(
        `${by}: the process that runs jobs did not begin .*logged on at the desktop`,
      ),
      hint: expect.stringMatching(/Log the account on at the PC/),
    });
    expect(await folders()).not.toContain('nobody');
    expect(await pc.tasks()).toEqual([]);
  });

  it('of a standard account may not ask for all rights', async () => {
    await pc.set('standard');
    await expect(start('echo', { interactive: { runLevel: 'highest' } })).rejects.toMatchObject({
      reason: expect.stringMatching(/by the task scheduler: Access is denied/),
      hint: expect.stringMatching(/runLevel/),
    });
  });
});
