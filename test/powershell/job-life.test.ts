import { execFileSync } from 'node:child_process';
import { chown, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/connection.ts';
import { attachJob } from '../../src/job/attach-job.ts';
import { startJob } from '../../src/job/start-job.ts';
import { untilOver } from '../job/support.ts';
import { changedScripts } from './support/changed-script.ts';
import { startWindowsPc, type WindowsPc } from './support/pc.ts';

/** A gigabyte takes a minute; set this to 1073741824 to see it. */
const many = Number(process.env['POWERSHELL_SUITE_BYTES'] ?? 64 * 1024 * 1024);

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
const shell = async (command: string) => (await connection.exec(command)).stdout.trim();

/** A full or small disk of its own for the jobs. */
async function disk(bytes: number): Promise<{ dir: string } & Disposable> {
  const dir = join(pc.home, `disk-${++number}`);
  await mkdir(dir);
  const { uid, gid } = await stat(pc.home);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'none', dir]);
  await chown(dir, uid, gid);
  return { dir, [Symbol.dispose]: () => void execFileSync('umount', ['-l', dir]) };
}

describe('a job', () => {
  it('runs once when eight callers come at the same moment', async () => {
    const starts = Array.from({ length: 8 }, () => start('echo x >>eight; sleep 1', { id: 'eight' }));
    const jobs = await Promise.all(starts);
    expect(jobs.filter((job) => job.isNew)).toHaveLength(1);
    expect(await untilOver(jobs[0]!)).toEqual({ state: 'exited', exitCode: 0 });
    expect(await shell('cat eight')).toBe('x');
    const { stdout } = await connection.exec(`ls "AppData/Local\\\\ssh-via-gateway\\\\jobs/eight"`);
    const left = stdout.split('\n').filter((name) => !/^(?:alive\..*)?$/.test(name));
    expect(left).toEqual(['claim', 'command', 'exit', 'pid', 'stderr', 'stdout']);
  });

  it.each([0, 3, 255])('ends with exit code %i', async (exitCode) => {
    expect(await untilOver(await start(`exit ${exitCode}`))).toEqual({ state: 'exited', exitCode });
  });

  it('keeps both streams byte for byte', async () => {
    const job = await start("printf '\\307\\321\\261\\333\\n\\000\\377'; printf '\\261\\333' >&2");
    await untilOver(job);
    const { stdout, stderr, done } = await job.output({ from: { stdout: 1 } });
    expect([stdout.toString('hex'), stderr.toString('hex'), done]).toEqual(['d1b1db0a00ff', 'b1db', true]);
  });

  it(`keeps ${many} bytes, and gives any part of them`, async () => {
    const job = await start(`head -c ${many - 4} /dev/zero; printf last`);
    expect(await untilOver(job)).toEqual({ state: 'exited', exitCode: 0 });
    const { stdout, next, done } = await job.output({ from: { stdout: many - 6 } });
    expect([stdout.toString('latin1'), next.stdout, done]).toEqual(['\0\0last', many, true]);
    const first = await job.output();
    expect([first.stdout.length, first.done]).toEqual([1_048_576, false]);
  });

  it('is ended with all that it has started, and cannot be removed before', async () => {
    const job = await start('sleep 4713 & sleep 4714');
    await expect(job.remove()).rejects.toThrow('still runs');
    expect(await job.kill()).toEqual({ state: 'killed', signal: 'SIGKILL' });
    expect(await shell('ps -A -o args= | grep -c "^sleep 471[34]" || true')).toBe('0');
    await job.remove();
    expect(await job.status()).toMatchObject({ state: 'lost' });
  });

  it('says when its folder cannot be removed for what somebody does in it, and can be removed then', async () => {
    const job = await start('echo x');
    await untilOver(job);
    const folder = join(pc.home, 'AppData/Local\\ssh-via-gateway\\jobs', `job-${number}`);
    // As on Windows a folder in which a file is open, one that is mounted cannot be moved.
    execFileSync('mount', ['--bind', folder, folder]);
    try {
      const impatient = changedScripts(connection, (script) => script.replace('$try -ge 50', '$try -ge 3'));
      await expect(attachJob(impatient, job.id).remove()).rejects.toMatchObject({
        name: 'JobAccessFailed',
        reason: expect.stringContaining('open in another program'),
        hint: expect.stringContaining('try again later'),
        retryable: true,
      });
      expect(await job.status()).toEqual({ state: 'exited', exitCode: 0 });
    } finally {
      execFileSync('umount', [folder]);
    }
    await job.remove();
    expect(await job.status()).toMatchObject({ state: 'lost' });
  });

  it('is ended when its shell would go on with the next command', async () => {
    const job = await start('sleep 4715 || sleep 4716 || sleep 4717; sleep 4717');
    expect(await job.kill()).toEqual({ state: 'killed', signal: 'SIGKILL' });
    expect(await shell('ps -A -o args= | grep -c "^sleep 471[567]" || true')).toBe('0');
  });

  it('is ended although its wrapper takes no notice, with what that has started', async () => {
    const deaf = changedScripts(connection, (script) =>
      script.replace('if($isLate -or $isKilled){', 'if($false){'),
    );
    const job = await startJob(deaf, 'sleep 4718 || sleep 4719', { id: 'deaf' });
    const impatient = changedScripts(connection, (script) => script.replace('+15000', '+500'));
    expect(await attachJob(impatient, 'deaf').kill()).toEqual({ state: 'killed', signal: 'SIGKILL' });
    expect(await job.status()).toMatchObject({ state: 'killed' });
    expect(await shell('ps -A -o args= | grep -c "^sleep 471[89]" || true')).toBe('0');
  });

  it('is ended with what it has started where nothing shows processes but taskkill', async () => {
    await pc.set('wmi', 'denied');
    await pc.set('no-snapshot');
    const job = await start('sleep 4723 & sleep 4724');
    expect(await job.kill()).toEqual({ state: 'killed', signal: 'SIGKILL' });
    expect(await pc.log()).toEqual(['taskkill']);
    await pc.reset();
    expect(await shell('ps -A -o args= | grep -c "^sleep 472[34]" || true')).toBe('0');
  });

  it('is followed as it writes', async () => {
    const pieces: string[] = [];
    const job = await start('echo 1; while [ ! -e go ]; do sleep 0.1; done; echo 2; exit 4');
    const follower = job.follow();
    for (;;) {
      const { value, done } = await follower.next();
      if (done) {
        expect(value.status).toEqual({ state: 'exited', exitCode: 4 });
        break;
      }
      pieces.push(value.stdout);
      await shell('touch go');
    }
    expect(pieces).toEqual(['1\n', '2\n']);
  });
});

describe('a job that writes again and again', () => {
  it('is watched by one PowerShell, which tells it as it comes', async () => {
    const job = await start(
      'for n in 1 2 3 4 5; do echo $n; echo e$n >&2; while [ ! -e seen-$n ]; do sleep 0.1; done; done',
    );
    const seen = { stdout: '', stderr: '' };
    for await (const { stdout, stderr } of job.follow()) {
      seen.stdout += stdout;
      seen.stderr += stderr;
      for (const n of stdout.match(/\d/g) ?? []) await writeFile(join(pc.home, `seen-${n}`), '');
    }
    expect(seen).toEqual({ stdout: '1\n2\n3\n4\n5\n', stderr: 'e1\ne2\ne3\ne4\ne5\n' });
    // The start, the job's own, and the watch.
    expect(await pc.starts()).toBe(3);
  });

  it('is watched anew when there was much of it', async () => {
    const size = 3_000_000;
    const job = await start(`head -c ${size} /dev/zero; sleep 1; head -c 1000 /dev/zero; exit 2`);
    let got = 0;
    for await (const { stdout } of job.follow()) got += stdout.length;
    expect(got).toBe(size + 1_000);
    expect(await job.status()).toEqual({ state: 'exited', exitCode: 2 });
  });
});

describe('whoever dies on the way', () => {
  const die = 'Stop-Process -Id $PID -Force';
  it.each([
    [
      'the starter, before it has started a process',
      /\nforeach\(\$way in /,
      false,
      'JobAccessFailed, then exited, ran 1',
    ],
    [
      'the starter, before it has seen the claim',
      /\nfunction Wait-Claim\(\$id\)\{\n/,
      true,
      'JobAccessFailed, then exited, ran 1',
    ],
    [
      'the wrapper, before its claim',
      /\nif\(-not \(Set-Claim \$claim /,
      false,
      'JobAccessFailed, then exited, ran 1',
    ],
    [
      'the wrapper, behind its claim',
      /\nforeach\(\$name in ''command'',''environment'',''wrapper''\)/,
      false,
      'started, then lost, ran 0',
    ],
  ] as const)('%s: the job never runs twice', async (_, where, behind, outcome) => {
    const id = `dies-${++number}`;
    const dying = changedScripts(connection, (script) => {
      const at = where.exec(script)!;
      const cut = at.index + (behind ? at[0].length : 1);
      return `${script.slice(0, cut)}${die}\n${script.slice(cut)}`;
    });
    const first = await startJob(dying, `echo x >>${id}; sleep 1`, { id }).then(
      () => 'started',
      (error: Error) => error.name,
    );
    const job = await start(`echo x >>${id}; sleep 1`, { id });
    const { state } = await untilOver(job);
    const times = (await shell(`cat ${id} 2>/dev/null || true`)).split('\n').filter(Boolean).length;
    expect(`${first}, then ${state}, ran ${times}`).toBe(outcome);
  });
});

describe('a disk', () => {
  it('that is full is found before the command runs', async () => {
    using full = await disk(65_536);
    await expect(start('echo x >>never', { dir: full.dir })).rejects.toMatchObject({
      ...{ name: 'JobAccessFailed', hint: expect.stringMatching(/Free some space/) },
    });
    expect(await shell(`cat never 2>/dev/null; ls ${full.dir}`)).toBe('');
  });

  it('that fills up while the job runs costs output, not the result', async () => {
    using small = await disk(400_000);
    const job = await start('head -c 2000000 /dev/zero; echo end >>filled; exit 6', { dir: small.dir });
    expect(await untilOver(job)).toMatchObject({ state: 'exited', exitCode: 6 });
    expect(await shell('cat filled')).toBe('end');
  });
});

describe('a list', () => {
  it('of a thousand jobs is made at once, with what is not ours left out', async () => {
    const dir = join(pc.home, 'thousand');
    const claim = '1:42:1-42:-:f:1700000000000:n:job-$n';
    await shell(
      `mkdir -p ${dir}/other ${dir}/.trash-1 && cd ${dir} && for n in $(seq 1000); do mkdir job-$n; ` +
        `printf "${claim}" >job-$n/claim; printf '0 1700000001000 - end' >job-$n/exit; done`,
    );
    const jobs = await connection.listJobs({ dir });
    expect(jobs).toHaveLength(1_000);
    expect(jobs.every(({ status }) => status.state === 'exited')).toBe(true);
    expect(await shell(`ls -a ${dir} | grep -c trash || true`)).toBe('0');
  });
});
