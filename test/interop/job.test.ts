import { execFile } from 'node:child_process';
import { readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import type { ConnectOptions } from '../../src/options/types.ts';
import { runJob } from '../../src/run-job.ts';
import { type CutRelay, startCutRelay } from '../support/cut-relay.ts';
import { type JobWorkers, jobWorkers } from '../support/job-worker.ts';
import { descendants, type Sshd, startSshd } from '../support/sshd.ts';

const shell = promisify(execFile);

describe('a job on OpenSSH', () => {
  let sshd: Sshd;
  let relay: CutRelay;
  let workers: JobWorkers;
  beforeAll(async () => {
    sshd = await startSshd();
    relay = await startCutRelay(sshd);
    workers = await jobWorkers();
  });
  afterAll(async () => {
    await workers?.[Symbol.asyncDispose]();
    await relay?.[Symbol.asyncDispose]();
    await sshd?.close();
  });

  const options = (): ConnectOptions => ({
    ...{ host: relay.host, port: relay.port, username: sshd.username, privateKey: sshd.privateKey },
    hostKey: { key: sshd.hostPublicKey },
    retry: { attempts: 10, minDelay: 100, maxDelay: 1_000 },
  });
  const file = (name: string) => readFile(join(sshd.home, name), 'utf8');
  const jobFile = (id: string, name: string) => file(join('.ssh-via-gateway', 'jobs', id, name));
  const wrapperOf = async (id: string) =>
    Number((await readlink(join(sshd.home, '.ssh-via-gateway', 'jobs', id, 'claim'))).split(':')[1]);

  it('of 60 s, cut off five times and its worker killed once, runs once and is told whole', async () => {
    // 600 lines, ten in a second; some of them long, one without an end, and some on stderr.
    const command = `echo started >>starts-long; i=0
      while [ $i -lt 600 ]; do
        printf 'line %d %s\\n' $i "$(printf '%*s' $((i % 97)) '' | tr ' ' x)"
        [ $((i % 50)) -ne 0 ] || echo "warning $i" >&2
        i=$((i + 1)); sleep 0.0995
      done; printf end; exit 42`;
    const request = {
      connect: options(),
      command,
      options: { id: 'long', pollInterval: 1_000, reject: false },
    };
    let worker = workers.start();
    let report = worker.run(request);
    report.catch(() => {});
    const startedAt = Date.now();
    for (let cuts = 0; cuts < 5; cuts++) {
      const before = worker.pieces.length;
      await vi.waitFor(() => expect(worker.pieces.length).toBeGreaterThan(before + 3), { timeout: 30_000 });
      expect(relay.cut()).toBe(1);
      if (cuts !== 2) continue;
      await vi.waitFor(() => expect(worker.pieces.length).toBeGreaterThan(before + 5), { timeout: 30_000 });
      await worker.kill();
      worker = workers.start();
      report = worker.run(request);
    }
    const { exitCode, stdout, stderr } = await report;
    expect(Date.now() - startedAt).toBeGreaterThan(55_000);
    const lines = Array.from({ length: 600 }, (_, index) => `line ${index} ${'x'.repeat(index % 97)}\n`);
    expect(stdout).toBe(`${lines.join('')}end`);
    expect(worker.pieces.join('')).toBe(stdout);
    expect(stderr).toBe(Array.from({ length: 12 }, (_, index) => `warning ${index * 50}\n`).join(''));
    expect(exitCode).toBe(42);
    expect(await file('starts-long')).toBe('started\n');
  }, 180_000);

  it('asked for by two workers at the same moment starts once, and both get its result', async () => {
    const both = [workers.start(), workers.start()];
    for (let round = 0; round < 20; round++) {
      const id = `race-${round}`;
      const command = `echo $$ >>starts-${id}; sleep 0.2; echo result; exit 3`;
      const request = { connect: options(), command, options: { id, pollInterval: 200, reject: false } };
      const reports = await Promise.all(both.map((worker) => worker.run(request)));
      for (const report of reports) expect(report).toMatchObject({ exitCode: 3, stdout: 'result\n' });
      expect((await file(`starts-${id}`)).trim().split('\n')).toHaveLength(1);
    }
  }, 120_000);

  it('lives on when its connection ends, with nothing of the session left', async () => {
    const connection = await connectViaGateway(options());
    const job = await connection.startJob('sleep 300', { id: 'survivor' });
    await connection.close();
    const wrapper = await wrapperOf('survivor');
    await vi.waitFor(async () => {
      const below = await descendants(sshd.pid);
      expect(below).toEqual([]);
    });
    await using again = await connectViaGateway(options());
    expect(await again.job(job.id).status()).toEqual({ state: 'running' });
    const { stdout } = await shell('ps', ['-o', 'sid=', '-p', String(wrapper)]);
    expect(Number(stdout)).toBe(wrapper);
    expect(await again.job(job.id).kill()).toEqual({ state: 'killed', signal: 'SIGTERM' });
    await vi.waitFor(async () => expect(await descendantsOfUser(sshd.username)).not.toMatch(/sleep 300/));
  });

  it('is lost when its wrapper is killed, and then told so and not started again', async () => {
    const run = () => runJob(options(), 'echo started >>starts-lost; sleep 300', { id: 'lost' });
    const job = expect(run()).rejects.toMatchObject({ name: 'JobLost', id: 'lost' });
    await vi.waitFor(() => file('starts-lost'), { timeout: 10_000 });
    process.kill(await wrapperOf('lost'), 'SIGKILL');
    await job;
    await expect(run()).rejects.toMatchObject({ name: 'JobLost' });
    expect(await file('starts-lost')).toBe('started\n');
  });

  it('starts once, whichever byte of the first connection it is cut off at', async () => {
    const whole = 6_000;
    for (let bytes = 2_000; bytes < whole; bytes += 307) {
      const id = `byte-${bytes}`;
      relay.cutAfter(bytes);
      const job = runJob(options(), `echo started >>starts-${id}; echo done`, { id, pollInterval: 200 });
      setTimeout(() => relay.cutAfter(undefined), 80);
      expect((await job).stdout).toBe('done\n');
      expect(await file(`starts-${id}`), id).toBe('started\n');
    }
  }, 60_000);

  it('is ended with killOnAbort, and left alone without', async () => {
    for (const [id, killOnAbort] of [
      ['stop-1', true],
      ['stop-2', false],
    ] as const) {
      const stop = new AbortController();
      const job = runJob(options(), 'sleep 300', { id, killOnAbort, signal: stop.signal });
      await vi.waitFor(() => jobFile(id, 'pid'), { timeout: 10_000 });
      stop.abort(new Error('enough'));
      await expect(job).rejects.toThrow('enough');
    }
    await using connection = await connectViaGateway(options());
    expect(await connection.job('stop-1').status()).toEqual({ state: 'killed', signal: 'SIGTERM' });
    expect(await connection.job('stop-2').status()).toEqual({ state: 'running' });
    await connection.job('stop-2').kill();
  });

  it('of a user of bash whose start files talk prints what exec prints, and is understood', async () => {
    await writeFile(join(sshd.home, '.bashrc'), 'echo Welcome; echo careful >&2\n');
    await shell('usermod', ['-s', '/bin/bash', sshd.username]);
    const command = '[[ -n $BASH_VERSION ]] && echo bash';
    await using connection = await connectViaGateway(options());
    const { stdout, stderr } = await connection.exec(command);
    expect(stdout).toBe('Welcome\nbash\n');
    expect(await runJob(options(), command, { id: 'bash' })).toMatchObject({ stdout, stderr, exitCode: 0 });
  });
});

async function descendantsOfUser(name: string): Promise<string> {
  const { stdout } = await shell('ps', ['-u', name, '-o', 'stat=,args=']).catch(() => ({ stdout: '' }));
  return stdout
    .split('\n')
    .filter((line) => !line.startsWith('Z'))
    .join('\n');
}
