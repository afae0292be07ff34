import { execFileSync, spawn } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openShell } from '../../src/exec/shell/open-shell.ts';
import { openLink } from '../support/open-link.ts';
import { type Sshd, startSshd } from '../support/sshd.ts';

let server: Sshd;
beforeAll(async () => {
  server = await startSshd();
});
afterAll(() => server.close());

it('is a real terminal: stty sees its size and each change of it, and the exit code comes back', async () => {
  await using link = await openLink(server);
  const shell = await openShell(link.opener, { term: 'vt220', rows: 31, columns: 117 });
  let text = '';
  shell.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  const until = (words: string) => vi.waitFor(() => expect(text).toContain(words), { timeout: 10_000 });
  shell.write('stty size; echo "term=$TERM"\r');
  await until('31 117\r\n');
  await until('term=vt220');
  shell.resize(55, 203);
  shell.write('stty size\r');
  await until('55 203\r\n');
  shell.write('sleep 60\r');
  await until('sleep 60\r\n');
  shell.write('\x03');
  shell.write('exit 9\r');
  expect(await shell.exited).toEqual({ exitCode: 9, signal: null });
});

it('that is closed ends what runs in it', async () => {
  await using link = await openLink(server);
  const shell = await openShell(link.opener);
  let text = '';
  shell.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  shell.write('echo "pid=$$"; sleep 1000\r');
  await vi.waitFor(() => expect(text).toMatch(/pid=\d+/), { timeout: 10_000 });
  const pid = Number(/pid=(\d+)/.exec(text)?.[1]);
  await shell.close();
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(/ESRCH/), { timeout: 10_000 });
});

describe('the program at a real terminal', () => {
  const folder = resolve(`node_modules/.cache/ssh-via-gateway-shell-${process.pid}`);
  const program = join(folder, 'cli.mjs');
  beforeAll(async () => {
    await mkdir(folder, { recursive: true });
    const options = { bundle: true, platform: 'node', format: 'esm', target: 'node20' } as const;
    const files = { entryPoints: ['src/cli/main.ts'], outfile: program };
    await build({ ...options, ...files, packages: 'external', logLevel: 'error' });
    await writeFile(join(folder, 'known_hosts'), `[${server.host}]:${server.port} ${server.hostPublicKey}\n`);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** `script` gives it a terminal, whose settings are printed before and after. */
  function atTerminal() {
    const { host, port, username, privateKeyPath } = server;
    const flags = `--ssh-config none --attempts 1 --user ${username} --identity ${privateKeyPath}`;
    const command = `${process.execPath} ${program} shell ${flags} --known-hosts ${folder}/known_hosts ${host}:${port}`;
    const line = `stty rows 37 cols 111; stty -g; tty; sh -c 'echo "pid=$$"; exec ${command}'; echo "ended=$?"; stty -g`;
    const child = spawn('script', ['-qec', line, '/dev/null'], { stdio: 'pipe' });
    const ended = new Promise((done) => child.once('close', done));
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    const until = (words: string | RegExp) =>
      vi.waitFor(() => expect(text).toMatch(words), { timeout: 15_000, interval: 50 });
    const settings = () => text.match(/^[0-9a-f]+(:[0-9a-f]+){5,}/gm);
    return {
      child,
      ended,
      until,
      settings,
      tty: () => /\/dev\/pts\/\d+/.exec(text)?.[0] ?? '',
      text: () => text,
    };
  }

  it('has its size, each change of it, its Ctrl-C and its exit code, and gives it back', async () => {
    const terminal = atTerminal();
    await terminal.until(/[$#] $/);
    terminal.child.stdin.write('stty size\r');
    await terminal.until('37 111\r\n');
    execFileSync('stty', ['-F', terminal.tty(), 'rows', '44', 'cols', '99']);
    await new Promise((done) => setTimeout(done, 300));
    terminal.child.stdin.write('stty size\r');
    await terminal.until('44 99\r\n');
    // Nothing here changes what a program there draws.
    terminal.child.stdin.write("stty -onlcr; printf 'A\\n%s\\n' B; stty onlcr\r");
    await terminal.until('A\nB\n');
    terminal.child.stdin.write('sleep 100\r');
    await terminal.until('sleep 100\r\n');
    terminal.child.stdin.write('\x03exit 6\r');
    await terminal.ended;
    expect(terminal.text()).toContain('ended=6');
    const [before, after] = terminal.settings() ?? [];
    expect(after).toBe(before);
  });

  it.each(['SIGTERM', 'SIGHUP'] as const)('gives it back at %s', async (signal) => {
    const terminal = atTerminal();
    await terminal.until(/[$#] $/);
    process.kill(Number(/pid=(\d+)/.exec(terminal.text())?.[1]), signal);
    await terminal.ended;
    expect(terminal.text()).toContain(`ended=${signal === 'SIGTERM' ? 143 : 129}`);
    const [before, after] = terminal.settings() ?? [];
    expect(before).toBeDefined();
    expect(after).toBe(before);
  });
});
