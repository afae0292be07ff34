import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import type { ChannelOpenFailed, ConnectionLost } from '../../src/errors/index.ts';
import { openShell } from '../../src/exec/shell/open-shell.ts';
import type { ShellSession } from '../../src/exec/shell/types.ts';
import type { MockServerOptions } from '../../src/mock-server/index.ts';
import { failureOf, startMock } from './mock.ts';

/** What a shell has shown so far, kept while it goes on. */
function shown(shell: ShellSession) {
  let text = '';
  shell.setEncoding('utf8');
  shell.on('data', (piece: string) => {
    text += piece;
  });
  return {
    get text() {
      return text;
    },
    until: (words: string) => vi.waitFor(() => expect(text).toContain(words)),
  };
}

async function openMock(options: MockServerOptions = {}) {
  const mock = await startMock(options);
  const shell = await openShell(mock.opener, { rows: 30, columns: 100 });
  return { mock, shell, [Symbol.asyncDispose]: () => mock[Symbol.asyncDispose]() };
}

describe('a shell', () => {
  it('has the requested terminal, accepts input, and ends with its exit code', async () => {
    await using mock = await startMock();
    const shell = await openShell(mock.opener, { term: 'linux', rows: 41, columns: 132 });
    const screen = shown(shell);
    shell.write('stty size\r');
    await screen.until('41 132');
    shell.write('echo héllo\rexit 7\r');
    expect(await shell.exited).toEqual({ exitCode: 7, signal: null });
    await vi.waitFor(() => expect(shell.closed).toBe(true));
    expect(screen.text).toContain('héllo\r\n');
    expect(mock.server.journal).toContainEqual(
      expect.objectContaining({ type: 'shell', pty: { term: 'linux', rows: 41, cols: 132 } }),
    );
    await mock.idle();
  });

  it('has 24 rows, 80 columns and xterm-256color by default', async () => {
    await using mock = await startMock();
    await using _shell = await openShell(mock.opener);
    expect(await mock.server.waitFor('shell')).toMatchObject({
      pty: { term: 'xterm-256color', rows: 24, cols: 80 },
    });
  });

  it('sends 0 for the size in pixels', async () => {
    await using mock = await startMock();
    const exec = vi.spyOn(mock.opener, 'exec');
    await using _shell = await openShell(mock.opener);
    expect(exec).toHaveBeenCalledWith(
      { pty: expect.objectContaining({ width: 0, height: 0 }) },
      expect.anything(),
    );
  });

  it('is told of a new size; an invalid size is rejected by name', async () => {
    await using open = await openMock();
    const screen = shown(open.shell);
    open.shell.resize(50, 160);
    open.shell.write('stty size\r');
    await screen.until('50 160');
    expect(() => open.shell.resize(0, 80)).toThrow(/argument rows.*0/);
    expect(() => open.shell.resize(24, 1.5)).toThrow(/argument columns.*1\.5/);
    await open.shell.close();
    open.shell.resize(10, 10);
    expect(open.mock.server.journal.filter(({ type }) => type === 'resize')).toHaveLength(1);
  });

  it('passes on Ctrl-C as a byte, and the end of input as EOF', async () => {
    await using open = await openMock();
    const screen = shown(open.shell);
    open.shell.write('half a line\x03');
    await screen.until('^C');
    open.shell.end();
    expect(await open.shell.exited).toEqual({ exitCode: 0, signal: null });
  });

  it('reports the signal that ended it', async () => {
    await using open = await openMock({ shell: ({ kill }) => kill('HUP') });
    open.shell.resume();
    expect(await open.shell.exited).toEqual({ exitCode: null, signal: 'SIGHUP' });
  });

  it('has neither exit code nor signal if the server sends no status', async () => {
    await using open = await openMock({ shell: ({ close }) => close() });
    open.shell.resume();
    expect(await open.shell.exited).toEqual({ exitCode: null, signal: null });
  });

  it('also shows what it writes to stderr', async () => {
    await using open = await openMock({
      shell: ({ stderr, exit }) => {
        stderr.write('to stderr');
        exit(0);
      },
    });
    const screen = shown(open.shell);
    await screen.until('to stderr');
  });
});

describe('the end of a shell', () => {
  it('by close() waits for the server and frees the session', async () => {
    await using open = await openMock();
    const { mock, shell } = open;
    await Promise.all([shell.close(), shell.close()]);
    expect(shell.destroyed).toBe(true);
    await mock.idle();
  });

  it('by `await using` closes it', async () => {
    await using mock = await startMock();
    {
      await using shell = await openShell(mock.opener);
      shell.write('echo 1\r');
    }
    await mock.idle();
  });

  it('by close() takes about two seconds with a server that never answers', async () => {
    await using open = await openMock();
    open.mock.server.dropAll('freeze');
    const before = performance.now();
    await open.shell.close();
    expect(performance.now() - before).toBeLessThan(6_000);
    expect(await open.shell.exited).toEqual({ exitCode: null, signal: null });
  });

  it('by an abort rejects with the reason and closes the session', async () => {
    await using mock = await startMock();
    const stop = new AbortController();
    const shell = await openShell(mock.opener, { signal: stop.signal });
    const reason = new Error('enough');
    stop.abort(reason);
    expect(await failureOf(shell.exited)).toBe(reason);
    expect(shell.destroyed).toBe(true);
    await mock.idle();
  });

  it('by a lost connection is that error, after everything that had arrived', async () => {
    await using open = await openMock({
      shell: ({ stdout }) => void stdout.write(`${'x'.repeat(9_999)}!`),
    });
    const { mock, shell } = open;
    await vi.waitFor(() => expect(shell.readableLength + Number(shell.readable)).toBeGreaterThan(0));
    await new Promise((resolve) => setTimeout(resolve, 50));
    mock.server.dropAll('rst');
    const lost = await failureOf<ConnectionLost>(shell.exited);
    expect(lost).toMatchObject({ code: 'SSH_CONNECTION_LOST', started: true, retryable: false });
    expect(lost.message).toMatch(/ was lost while a shell was open: (?!The connection)/);
    const screen = shown(shell);
    const [error] = await once(shell, 'error');
    expect(error).toBe(lost);
    expect(screen.text).toHaveLength(10_000);
  });

  it('does not discard unread output, even with writes pending', async () => {
    await using open = await openMock({
      shell: ({ stdin, stdout, exit }) => {
        stdin.once('data', () => {
          stdout.write('last words');
          exit(3);
        });
      },
    });
    const { shell } = open;
    shell.write('go');
    shell.write(Buffer.alloc(8 << 20));
    await shell.exited;
    const screen = shown(shell);
    await once(shell, 'close');
    expect(screen.text).toBe('last words');
    expect(shell.errored).toBe(null);
  });
});

describe('opening a shell', () => {
  it('rejects if the server refuses it, and frees the session', async () => {
    await using mock = await startMock({ shell: false });
    const refused = await failureOf<ChannelOpenFailed>(openShell(mock.opener));
    expect(refused.code).toBe('SSH_CHANNEL_OPEN_FAILED');
    expect(refused.message).toContain('a shell in a terminal');
    await mock.idle();
  });

  it('is aborted at once and leaves no session behind', async () => {
    await using mock = await startMock({ maxSessions: 1 });
    await using held = await openShell(mock.opener);
    const waiting = openShell(mock.opener, { signal: AbortSignal.timeout(50) });
    expect(await failureOf<Error>(waiting)).toMatchObject({ name: 'TimeoutError' });
    await held.close();
    await mock.idle();
  });

  it('has its own timeout', async () => {
    await using mock = await startMock();
    mock.server.dropAll('freeze');
    expect(await failureOf(openShell(mock.opener, { timeout: 100 }))).toMatchObject({
      code: 'SSH_CHANNEL_TIMEOUT',
      timeoutMs: 100,
    });
  });
});

describe('a flood of output', () => {
  it('stops at the window while nobody reads; nothing is lost when it is read', async () => {
    const size = 24 << 20;
    let sent = 0;
    await using open = await openMock({
      shell: async ({ stdout, exit }) => {
        const chunk = Buffer.alloc(64 << 10, 'y');
        for (; sent < size; sent += chunk.length) {
          if (!stdout.write(chunk)) await once(stdout, 'drain');
        }
        exit(0);
      },
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(sent).toBeLessThan(8 << 20);
    let read = 0;
    for await (const chunk of open.shell) read += chunk.length;
    expect(read).toBe(size);
  });
});
