import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { expandWords, splitCommandLine } from '../../src/route/command-line.ts';
import { proxyCommand } from '../../src/route/proxy-command.ts';
import { isSafeHostName, isSafeUserName } from '../../src/route/safe-names.ts';
import { echoServer, readAll } from '../support/echo.ts';
import { routeContext } from '../support/route-context.ts';

vi.mock('node:child_process', async (original) => {
  const real = await original<typeof import('node:child_process')>();
  return { ...real, spawn: vi.fn(real.spawn) };
});

const node = process.execPath;

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'proxy-'));
});
afterAll(() => rm(dir, { recursive: true }));

function script(name: string, source: string): string {
  const file = join(dir, name);
  writeFileSync(file, source);
  return file;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('an "exec" before the command', () => {
  const run = async (command: string | string[]) => {
    vi.mocked(spawn).mockClear();
    vi.mocked(spawn).mockImplementationOnce(() => {
      throw new Error('not run here');
    });
    await expect(proxyCommand(command).open(routeContext())).rejects.toThrow('not run here');
    const [program, args] = vi.mocked(spawn).mock.calls[0] as unknown as [string, string[]];
    return [program, ...args];
  };

  it('is dropped, as it only saves a shell', async () => {
    expect(await run('exec ssh -W x bastion')).toEqual(['ssh', '-W', 'x', 'bastion']);
    expect(vi.mocked(spawn).mock.calls[0]![2]).toEqual({ stdio: 'pipe', windowsHide: true, shell: false });
  });

  it('is a program of that name if it stands alone, or in an array of words', async () => {
    expect(await run('exec')).toEqual(['exec']);
    expect(await run(['exec', 'ssh'])).toEqual(['exec', 'ssh']);
    expect(await run('ssh exec')).toEqual(['ssh', 'exec']);
  });
});

describe('the command line', () => {
  it.each([
    ['cloudflared access ssh --hostname %h', ['cloudflared', 'access', 'ssh', '--hostname', '%h']],
    ['C:\\bin\\cloudflared.exe access', ['C:\\bin\\cloudflared.exe', 'access']],
    ['"C:\\Program Files\\x.exe" -a', ['C:\\Program Files\\x.exe', '-a']],
    ['\\\\server\\share\\x.exe', ['\\\\server\\share\\x.exe']],
    [`say 'it is "so"' "and \\"so\\""`, ['say', 'it is "so"', 'and "so"']],
    ['a\\ b c\\"d', ['a b', 'c"d']],
    [`one''two ""`, ['onetwo', '']],
    ['  x\t y  ', ['x', 'y']],
    ['curl https://x.example/?a=b&c=$d', ['curl', 'https://x.example/?a=b&c=$d']],
  ])('splits %s', (line, words) => {
    expect(splitCommandLine(line)).toEqual(words);
  });

  it.each([
    ['', /^argument command: '' given; .* would be right$/],
    ['   ', /only blanks given/],
    [`nc '%h`, /never closed/],
    ['nc %h %p | tee log', /\|, which needs a shell/],
    ['nc %h %p 2>/dev/null', /2>\/dev\/null, which needs a shell/],
    ['a && b', /&&, which needs a shell/],
    ['nc %h %q', /%q .*which is not known/],
    ['nc 100%', /% .*which is not known/],
  ])('rejects %j', (line, message) => {
    const use = () => proxyCommand(line);
    expect(use).toThrow(line === '' ? RangeError : TypeError);
    expect(use).toThrow(message);
  });

  it('rejects what is neither a string nor an array of words', () => {
    for (const wrong of [[], [1], 5, undefined]) {
      const use = () => proxyCommand(wrong as unknown as string);
      expect(use).toThrow(TypeError);
      expect(use).toThrow(/^argument command(\[0\])?: .* would be right$/);
    }
  });

  it('never lets a value become another word, whatever it contains', () => {
    const template = splitCommandLine(`x %h "a %r b" '%h:%p' %%h`);
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text.filter(isSafeHostName), text.filter(isSafeUserName), (host, username) => {
        const words = expandWords(template, { host, port: 22, username });
        expect(words).toEqual(['x', host, `a ${username} b`, `${host}:22`, '%h']);
      }),
    );
  });

  it('rejects a host name that would be an option of the command', async () => {
    const route = proxyCommand('nc %h %p');
    await expect(route.open(routeContext({ host: '-e/bin/sh' }))).rejects.toThrow(/the host name "-e/);
    const afterWord = proxyCommand('nc %r');
    await expect(afterWord.open(routeContext({ username: '-e x' }))).rejects.toThrow(/the user name "-e/);
  });

  it.each([
    'x;id',
    'x&id',
    'x|id',
    '$(id)',
    '$HOME',
    '`id`',
    'x>y',
    'x<y',
    '{a,b}',
    "a'b",
    'a"b',
    'a\\b',
    'a b',
    'a\nb',
  ])('rejects the host name %j if a command uses it, as ssh does', async (host) => {
    await using target = await echoServer();
    const wanted = proxyCommand(['sh', '-c', 'echo %h']);
    await expect(wanted.open(routeContext({ host }))).rejects.toThrow(TypeError);
    // One that does not use it may go anywhere.
    const other = await proxyCommand([node, '-e', '']).open(routeContext({ host, port: target.port }));
    await other.dispose?.();
  });

  it.each([';id', '$(id)', 'u$HOME', '`id`', 'a|b', 'a\nb', "a'b", 'a{b', 'a -b', 'a\\'])(
    'rejects the user name %j if a command uses it',
    async (username) => {
      const wanted = proxyCommand(['sh', '-c', 'echo %r']);
      await expect(wanted.open(routeContext({ username }))).rejects.toThrow(/the user name/);
    },
  );

  it.each(['CORP\\kim', 'kim lee', 'kim@corp.example', 'PC01$', 'kim.lee+x', '한국'])(
    'accepts the user name %j',
    (username) => {
      expect(expandWords(['%r'], { host: 'h', port: 22, username })).toEqual([username]);
    },
  );
});

describe('a proxy command', () => {
  it('carries bytes both ways, and ends when the other side ends', async () => {
    await using target = await echoServer();
    const file = script(
      'cat.cjs',
      `const s = require('net').connect(+process.argv[3], process.argv[2]); process.stdin.pipe(s).pipe(process.stdout);`,
    );
    const route = proxyCommand([node, file, '%h', '%p']);
    const routed = await route.open(routeContext({ port: target.port }));
    const data = Buffer.alloc(3 << 20, 'x');
    const reading = readAll(routed.stream);
    routed.stream.write(data);
    routed.stream.end('done');
    expect((await reading).length).toBe(data.length + 4);
    await routed.dispose?.();
    expect(routed.failure?.()).toBeUndefined();
  });

  it('includes the exit code and the end of stderr in the error, escaped', async () => {
    const file = script(
      'fail.cjs',
      `process.stderr.write('x'.repeat(100000) + '\\n\\u001b[31mno route\\u0007\\n', () => process.exit(7));`,
    );
    const routed = await proxyCommand([node, file]).open(routeContext());
    const error = await readAll(routed.stream).catch((e) => e);
    expect(error).toMatchObject({
      code: 'SSH_PROXY_COMMAND_FAILED',
      exitCode: 7,
      phase: 'route',
      retryable: true,
    });
    expect(error.message).toMatch(/exit code 7; its stderr ended with "x+\\n\\x1b\[31mno route\\x07"$/);
    expect(error.message.length).toBeLessThan(800);
    expect(routed.failure?.()?.message).toBe(error.message);
    await routed.dispose?.();
  });

  it('detects the exit at once, even while a grandchild holds the pipes', async () => {
    const file = script(
      'leave.cjs',
      `const { spawn } = require('child_process');
       const c = spawn(process.execPath, ['-e', 'setTimeout(()=>{}, 20000)'], { stdio: 'inherit', detached: true });
       c.unref(); process.stdout.write(String(c.pid), () => process.exit(3));`,
    );
    const routed = await proxyCommand([node, file]).open(routeContext());
    let pid = '';
    routed.stream.on('data', (chunk) => {
      pid += chunk;
    });
    const started = performance.now();
    await new Promise((resolve) => routed.stream.once('close', resolve));
    process.kill(Number(pid), 'SIGKILL');
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(routed.failure?.()).toMatchObject({ exitCode: 3 });
  });

  it('ends the process when the stream is destroyed, by force if necessary', async () => {
    const file = script(
      'stubborn.cjs',
      `process.on('SIGTERM', () => {}); process.stdin.on('error', () => {}).resume();
       process.stdout.on('error', () => {}); process.stdout.write(String(process.pid)); setInterval(() => {}, 1000);`,
    );
    const routed = await proxyCommand([node, file]).open(routeContext());
    const pid = Number(String(await new Promise((resolve) => routed.stream.once('data', resolve))));
    expect(alive(pid)).toBe(true);
    await routed.dispose?.();
    expect(alive(pid)).toBe(false);
    expect(routed.failure?.()).toBeUndefined();
  });

  it('names a program that does not exist, as not retryable', async () => {
    const error = await proxyCommand('no-such-program-anywhere %h')
      .open(routeContext())
      .catch((e) => e);
    expect(error).toMatchObject({ code: 'SSH_PROXY_COMMAND_FAILED', errno: 'ENOENT', retryable: false });
    expect(error.hint).toMatch(/PATH/);
  });

  it('does not drop `exec` if it is the whole command', async () => {
    const open = proxyCommand('exec').open(routeContext());
    await expect(open).rejects.toThrow(/^The proxy command exec could not be started \(ENOENT\)/);
  });

  it('reports a value that cannot be passed to a program as an error of the route', async () => {
    const open = proxyCommand([node, 'a'.repeat(3_000_000)]).open(routeContext());
    await expect(open).rejects.toMatchObject({ code: 'SSH_PROXY_COMMAND_FAILED' });
  });

  it('rejects with the reason of an abort and starts nothing', async () => {
    const reason = new Error('not now');
    const open = proxyCommand([node, '-e', '']).open(routeContext({ signal: AbortSignal.abort(reason) }));
    await expect(open).rejects.toBe(reason);
  });

  it('delivers all output of a program that has already exited, however slow the reader', async () => {
    const file = script('much.cjs', `process.stdout.write(Buffer.alloc(300000, 'y'));`);
    const routed = await proxyCommand([node, file]).open(routeContext());
    await vi.waitFor(() => expect(routed.stream.readableLength).toBeGreaterThan(0), { timeout: 5_000 });
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect((await readAll(routed.stream)).length).toBe(300_000);
    await routed.dispose?.();
  });
});

it('is a specific error, which may pass, if there is no file descriptor left for its pipes', async () => {
  // As Node does it: an object without pipes, whose error comes in the next turn.
  vi.mocked(spawn).mockImplementationOnce(() => {
    const child = new EventEmitter();
    const error = Object.assign(new Error('spawn nc EMFILE'), { code: 'EMFILE' });
    process.nextTick(() => child.emit('error', error));
    return child as never;
  });
  await expect(proxyCommand('nc %h %p').open(routeContext({}))).rejects.toMatchObject({
    code: 'SSH_PROXY_COMMAND_FAILED',
    errno: 'EMFILE',
    retryable: true,
    hint: expect.stringContaining('ulimit -Hn'),
  });
});
