import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Running, run } from './run.ts';

test('the demo runs the main use case and checks all of it', async () => {
  const { exitCode, stdout } = await run(['demo']);
  expect(stdout.toString()).toMatch(/\n(\d+) of \1 checks passed\n$/);
  expect(exitCode).toBe(0);
});

test.each([
  ['SIGINT', 130, /reverse tunnel is up/],
  ['SIGTERM', 143, /the gateway has not noticed/],
] as const)('%s stops the demo wherever it is: exit code %i', async (signal, code, when) => {
  const demo = run(['demo']);
  await vi.waitFor(() => expect(demo.stdoutSoFar).toMatch(when));
  demo.stop(signal);
  const { exitCode, stdout, stderr } = await demo;
  expect({ exitCode, stderr }).toEqual({ exitCode: code, stderr: '' });
  expect(stdout.toString()).not.toMatch(/checks passed/);
});

describe('demo --keep', () => {
  /** Also where an expectation fails before its end. */
  const running: Running[] = [];
  afterEach(async () => {
    for (const demo of running.splice(0)) {
      demo.stop();
      await demo;
    }
  });

  /** Started, and all that it prints. */
  async function keep(...args: string[]): Promise<{ demo: Running; lines: string[]; config: string }> {
    const demo = run(['demo', '--keep', ...args]);
    running.push(demo);
    await vi.waitFor(() => expect(demo.stdoutSoFar).toMatch(/"echo hello"\n\n$/));
    const lines = demo.stdoutSoFar.split('\n').map((line) => line.trim());
    const [, config = ''] = / -F (\S+ssh_config)/.exec(demo.stdoutSoFar) ?? [];
    return { demo, lines, config };
  }

  async function end(
    { demo, config }: { demo: Running; config: string },
    signal: NodeJS.Signals,
  ): Promise<void> {
    demo.stop(signal);
    const { exitCode, stderr } = await demo;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(existsSync(dirname(config))).toBe(false);
  }

  /** A printed line as a shell takes it. */
  function typed(line: string) {
    const words = line.match(/"[^"]*"|\S+/g)!.map((word) => word.replaceAll('"', ''));
    const at = words.indexOf('ssh-via-gateway');
    const env = Object.fromEntries(words.slice(0, at).map((word) => word.split('=') as [string, string]));
    return run(words.slice(at + 1), { env });
  }

  test('keeps running, and every command it prints works unchanged', async () => {
    const kept = await keep();
    const printed = (command: string) => {
      const found = kept.lines.filter((line) => line.includes(`ssh-via-gateway ${command} `));
      expect(found.length, command).toBeGreaterThan(0);
      return found;
    };
    const out = join(dirname(kept.config), 'out.json');
    const doctor = await typed(printed('doctor')[0]!);
    expect([doctor.exitCode, doctor.stdout.toString()]).toEqual([
      0,
      expect.stringMatching(/\nEverything works\.\n$/),
    ]);
    const [byKey = '', byPassword = ''] = printed('exec');
    expect((await typed(byKey)).stdout.toString()).toContain('송장 처리를 시작합니다');
    expect((await typed(byPassword)).stdout.toString()).toBe('hello\r\n');
    expect((await typed(printed('put')[0]!)).exitCode).toBe(0);
    expect((await typed(printed('ls')[0]!)).stdout.toString()).toBe('in.json\n');
    expect((await typed(printed('get')[0]!)).exitCode).toBe(0);
    expect(await readFile(out, 'utf8')).toBe('{"invoice":12}');
    const job = await typed(printed('job start')[0]!);
    expect([job.exitCode, job.stdout.toString()]).toEqual([0, expect.stringContaining('처리 완료: 12건')]);
    const tunnel = typed(`${printed('tunnel')[0]} --lock none`);
    await vi.waitFor(() => expect(tunnel.stdoutSoFar).toMatch(/ up /));
    tunnel.stop();
    expect((await tunnel).exitCode).toBe(0);
    expect(printed('shell')[0]).toMatch(/ pc$/);
    const [, record = ''] = /known_hosts: (.*)$/m.exec(kept.demo.stdoutSoFar) ?? [];
    expect(await readFile(join(dirname(kept.config), 'known_hosts'), 'utf8')).toContain(`${record}\n`);
    await end(kept, 'SIGINT');
  });

  test.each([
    ['zombie', 12, /a zombie/],
    ['pc-sshd-down', 12, /the sshd of the PC is not/],
    ['down', 11, /no tunnel is up/],
  ])('--state %s is found by doctor: exit code %i', async (state, exitCode, says) => {
    const kept = await keep('--state', state);
    const doctor = await run(['doctor', '-F', kept.config, '--banner-timeout', '300ms', 'pc']);
    expect([doctor.exitCode, doctor.stdout.toString()]).toEqual([exitCode, expect.stringMatching(says)]);
    await end(kept, 'SIGTERM');
  });
});
