import { createHash, randomBytes } from 'node:crypto';
import { connect, createServer, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import iconv from 'iconv-lite';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CommandFailed, CommandTimeout, ConnectionLost } from '../../src/errors/index.ts';
import { exec } from '../../src/exec/exec.ts';
import { openLink } from '../support/open-link.ts';
import { type Sshd, startSshd } from '../support/sshd.ts';

let server: Sshd;
beforeAll(async () => {
  server = await startSshd();
});
afterAll(() => server.close());

async function failureOf<E>(promise: PromiseLike<unknown>): Promise<E> {
  const result = await Promise.resolve(promise).then(
    () => undefined,
    (error) => ({ error }),
  );
  if (!result) throw new Error('it resolved');
  return result.error as E;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The first line of a command that says its own process id. */
async function pidOf(command: ReturnType<typeof exec>): Promise<number> {
  for await (const line of command) return Number(line);
  throw new Error('it said nothing');
}

describe('the output', () => {
  it('is complete on both streams, with the exit code', async () => {
    await using link = await openLink(server);
    const script =
      'i=0; while [ $i -lt 2000 ]; do echo "out $i"; echo "err $i" >&2; i=$((i+1)); done; exit 9';
    const result = await exec(link.opener, script, { reject: false });
    expect(result.exitCode).toBe(9);
    for (const [name, text] of [
      ['out', result.stdout],
      ['err', result.stderr],
    ] as const) {
      expect(text).toBe(Array.from({ length: 2000 }, (_, i) => `${name} ${i}\n`).join(''));
    }
  });

  it('of 30 MB on each stream at the same time arrives whole', async () => {
    await using link = await openLink(server);
    const script = 'head -c 30000000 /dev/zero & head -c 30000000 /dev/zero >&2; wait';
    const result = await exec(link.opener, script, { encoding: 'buffer', maxBuffer: 32 << 20 });
    expect([result.stdout.length, result.stderr.length]).toEqual([30_000_000, 30_000_000]);
  });

  it('of 1 GiB goes through stdout in constant memory', async () => {
    await using link = await openLink(server);
    const command = exec(link.opener, 'head -c 1073741824 /dev/zero', { maxBuffer: 0 });
    const atStart = process.memoryUsage().rss;
    let bytes = 0;
    let most = 0;
    for await (const chunk of command.stdout) {
      bytes += chunk.length;
      if (bytes % (64 << 20) < chunk.length) most = Math.max(most, process.memoryUsage().rss - atStart);
    }
    expect(bytes).toBe(2 ** 30);
    expect(await command).toMatchObject({ exitCode: 0, truncated: true });
    expect(most).toBeLessThan(150 << 20);
  });

  it('of a slow reader waits on the server, not here', async () => {
    await using link = await openLink(server);
    const command = exec(link.opener, 'yes', { maxBuffer: 0 });
    const { stdout } = command;
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 20; i++) {
      stdout.read();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(100 << 20);
    command.kill();
    expect(await failureOf<CommandFailed>(command)).toMatchObject({ terminated: true });
  });

  it('of a reader that stands still stays on the server while the other stream is read', async () => {
    await using link = await openLink(server);
    const script = 'while :; do head -c 100000 /dev/zero; echo . >&2; done';
    const command = exec(link.opener, script, { maxBuffer: 0 });
    expect(command.stdout.readable).toBe(true);
    let rounds = 0;
    command.stderr.on('data', (dots: Buffer) => {
      rounds += dots.length / 2;
    });
    await vi.waitFor(() => expect(rounds).toBeGreaterThan(0));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    // 100 kB each: what fits into the window and into our buffers, and no more.
    expect(rounds).toBeLessThan(100);
    command.kill();
    await failureOf(command);
  });

  it('in code page 949 is decoded', async () => {
    await using link = await openLink(server);
    const octal = [...iconv.encode('한글 똠방각하', 'cp949')].map(
      (byte) => `\\${byte.toString(8).padStart(3, '0')}`,
    );
    const result = await exec(link.opener, ['printf', octal.join('')], { encoding: 'cp949' });
    expect(result.stdout).toBe('한글 똠방각하');
  });
});

describe('the input', () => {
  it('of 50 MB comes back through cat', async () => {
    await using link = await openLink(server);
    const bytes = randomBytes(50_000_000);
    const digest = (data: Buffer) => createHash('sha256').update(data).digest('hex');
    const options = { encoding: 'buffer', maxBuffer: 64 << 20 } as const;
    const whole = await exec(link.opener, 'cat', { ...options, stdin: bytes });
    expect(digest(whole.stdout)).toBe(digest(bytes));
    const pieces = Readable.from(
      (function* () {
        for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000);
      })(),
    );
    const streamed = await exec(link.opener, 'cat', { ...options, stdin: pieces });
    expect(digest(streamed.stdout)).toBe(digest(bytes));
  });

  it('that the command does not want does not hold it up', async () => {
    await using link = await openLink(server);
    expect((await exec(link.opener, 'exec 0<&-; echo done', { stdin: Buffer.alloc(20 << 20) })).stdout).toBe(
      'done\n',
    );
  });
});

describe('folder, variables, terminal', () => {
  it('reach the command', async () => {
    await using link = await openLink(server);
    const env = { NAME: `it's "한글" $HOME` };
    const result = await exec(link.opener, ['sh', '-c', 'pwd; echo "$NAME"'], { cwd: '/usr/lib', env });
    expect(result.stdout).toBe(`/usr/lib\n${env.NAME}\n`);
    const missing = await failureOf<CommandFailed>(exec(link.opener, 'echo ran', { cwd: '/no/such' }));
    expect(missing).toMatchObject({ exitCode: 1, stdout: '' });
    expect(missing.message).toMatch('/no/such');
  });

  it('is a terminal of the given size', async () => {
    await using link = await openLink(server);
    const result = await exec(link.opener, 'stty size; tty', { pty: { cols: 132, rows: 50 } });
    expect(result.stdout).toMatch(/^50 132\r\n\/dev\/pts\//);
  });
});

describe('an end', () => {
  it('by a signal is told from an exit', async () => {
    await using link = await openLink(server);
    expect(await failureOf(exec(link.opener, 'kill -SEGV $$'))).toMatchObject({
      exitCode: null,
      signal: 'SIGSEGV',
    });
  });

  it('by a timeout leaves no process', async () => {
    await using link = await openLink(server);
    for (const script of ['echo $$; exec sleep 600', 'trap "" TERM; echo $$; while :; do sleep 1; done']) {
      const error = await failureOf<CommandTimeout>(exec(link.opener, script, { timeout: 500 }));
      expect(error).toMatchObject({ code: 'SSH_COMMAND_TIMEOUT', terminated: true });
      const pid = Number(error.stdout);
      expect(pid).toBeGreaterThan(1);
      await vi.waitFor(() => expect(isAlive(pid)).toBe(false));
    }
    await vi.waitFor(() => expect(link.opener.slots.open).toBe(0));
  });

  it('by a timeout does not claim that of what the command left in the background', async () => {
    await using link = await openLink(server);
    const script = 'setsid sleep 600 >/dev/null 2>&1 & echo $!; wait';
    const error = await failureOf<CommandTimeout>(exec(link.opener, script, { timeout: 500 }));
    const pid = Number(error.stdout);
    try {
      expect(error.terminated).toBe(true);
      expect(isAlive(pid)).toBe(true);
      expect(error.message).toContain('and its process was stopped');
      expect(error.hint).toContain('Its background processes');
    } finally {
      process.kill(pid, 'SIGKILL');
    }
  });

  it('by an abort comes at once and leaves no process', async () => {
    await using link = await openLink(server);
    const abort = new AbortController();
    const command = exec(link.opener, 'trap "" TERM; echo $$; while :; do sleep 1; done', {
      signal: abort.signal,
    });
    const pid = await pidOf(command);
    const before = performance.now();
    abort.abort();
    expect(await failureOf(command)).toBe(abort.signal.reason);
    expect(performance.now() - before).toBeLessThan(100);
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 5_000 });
    await vi.waitFor(() => expect(link.opener.slots.open).toBe(0));
  });

  it('in a terminal comes with the end of the session', async () => {
    await using link = await openLink(server);
    const error = await failureOf<CommandTimeout>(
      exec(link.opener, 'trap "" TERM; echo $$; while :; do sleep 1; done', { timeout: 300, pty: true }),
    );
    expect(error.terminated).toBe(true);
    await vi.waitFor(() => expect(isAlive(Number(error.stdout))).toBe(false));
  });

  it('that sshd refuses to bring about is not claimed', async () => {
    await using rootServer = await startSshd({ user: 'root' });
    await using link = await openLink(rootServer);
    const before = performance.now();
    const error = await failureOf<CommandTimeout>(
      exec(link.opener, 'echo $$; exec sleep 600', { timeout: 300 }),
    );
    expect(performance.now() - before).toBeLessThan(300 + 4_000);
    const pid = Number(error.stdout);
    // sshd passes no signals to commands of root before 9.8.
    expect(error.terminated).toBe(!isAlive(pid));
    if (isAlive(pid)) {
      expect(link.opener.slots.open).toBe(1);
      process.kill(pid, 'SIGKILL');
    }
    await vi.waitFor(() => expect(link.opener.slots.open).toBe(0));
  });

  it('of the link in mid-command rejects with the output so far', async () => {
    await using relay = await startRelay(server.port);
    await using link = await openLink({ ...server, port: relay.port });
    const command = exec(link.opener, 'echo $$; exec sleep 600');
    command.stdout.once('data', () => relay.cut());
    const error = await failureOf<ConnectionLost>(command);
    expect(error).toMatchObject({ code: 'SSH_CONNECTION_LOST', command: 'echo $$; exec sleep 600' });
    process.kill(Number(error.stdout), 'SIGKILL');
  });
});

describe('50 commands at once', () => {
  it.each([10, 3, 1])('all succeed on a server with MaxSessions %i', async (maxSessions) => {
    await using limited = await startSshd({ config: [`MaxSessions ${maxSessions}`] });
    await using link = await openLink(limited);
    const all = Array.from({ length: 50 }, (_, i) => exec(link.opener, `echo ${i}`));
    const results = await Promise.all(all);
    expect(results.map(({ stdout }) => stdout)).toEqual(results.map((_, i) => `${i}\n`));
    await vi.waitFor(() => expect([link.opener.slots.open, link.opener.slots.waiting]).toEqual([0, 0]));
    expect(link.opener.slots.seen).toBeGreaterThan(0);
    expect(link.opener.slots.seen).toBeLessThanOrEqual(maxSessions);
    // And once more, with what was learnt.
    await Promise.all(Array.from({ length: 50 }, () => exec(link.opener, 'true')));
    expect(link.opener.lost.listenerCount).toBe(0);
  });
});

async function startRelay(target: number) {
  const sockets = new Set<Socket>();
  const relay = createServer((incoming) => {
    const outgoing = connect(target, '127.0.0.1');
    for (const socket of [incoming, outgoing]) sockets.add(socket.on('error', () => {}));
    incoming.pipe(outgoing).pipe(incoming);
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: (relay.address() as { port: number }).port,
    cut,
    [Symbol.asyncDispose]: async () => {
      cut();
      relay.close();
    },
  };
}
