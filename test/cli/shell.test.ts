import { PassThrough } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import { main } from '../../src/cli/cli.ts';
import { EscapeKeys } from '../../src/cli/shell/escape.ts';
import { Stopped } from '../../src/cli/stopped.ts';
import type { MockServerOptions } from '../../src/mock-server/index.ts';
import { startWorld } from './world.ts';

/** The program at a terminal: what is typed, what is shown, whether each key passes by itself. */
async function atTerminal(options: MockServerOptions = {}) {
  const world = await startWorld(options);
  const modes: boolean[] = [];
  const stop = new AbortController();
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    isRaw: false,
    setRawMode: (raw: boolean) => modes.push(raw),
  });
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 90, rows: 33 });
  const stderr = new PassThrough();
  let shown = '';
  let said = '';
  stdout.setEncoding('latin1').on('data', (text: string) => {
    shown += text;
  });
  stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const listeners = process.listenerCount('exit');
  const env = { TERM: 'screen' };
  const io = { stdin, stdout, stderr, env, signal: stop.signal };
  const ended = main(['shell', ...world.flags, world.address], io);
  return {
    ...{ world, modes, stop, stdin, stdout, ended },
    get shown() {
      return shown;
    },
    get said() {
      return said;
    },
    until: (words: string) => vi.waitFor(() => expect(shown).toContain(words)),
    /** Nothing of ours stays on the user's terminal or in the process. */
    expectClean() {
      expect(modes).toEqual([true, false]);
      expect(stdin.listenerCount('data') + stdout.listenerCount('resize')).toBe(0);
      expect(process.listenerCount('exit')).toBe(listeners);
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

describe('ssh-via-gateway shell', () => {
  test('tells the shell of a size that changed while it was being opened', async () => {
    await using terminal = await atTerminal({ faults: { latencyMs: 100 } });
    await terminal.world.server.waitFor((entry) => entry.type === 'shell');
    Object.assign(terminal.stdout, { rows: 12, columns: 44 }).emit('resize');
    await terminal.until('$ ');
    terminal.stdin.write('stty size\r');
    await terminal.until('12 44');
    terminal.stdin.write('exit 0\r');
    expect(await terminal.ended).toBe(0);
  });

  test('joins the terminal to the shell, in its size and kind, and ends with its exit code', async () => {
    await using terminal = await atTerminal();
    await terminal.until('$ ');
    expect(terminal.modes).toEqual([true]);
    terminal.stdin.write('stty size\r');
    await terminal.until('33 90');
    terminal.stdin.write('exit 5\r');
    expect(await terminal.ended).toBe(5);
    terminal.expectClean();
    expect(terminal.world.server.journal).toContainEqual(
      expect.objectContaining({ type: 'shell', pty: { term: 'screen', rows: 33, cols: 90 } }),
    );
    expect(terminal.shown).not.toContain('\x1b');
  });

  test('tells the shell of each new size', async () => {
    await using terminal = await atTerminal();
    await terminal.until('$ ');
    Object.assign(terminal.stdout, { rows: 12, columns: 44 }).emit('resize');
    terminal.stdin.write('stty size\r');
    await terminal.until('12 44');
    terminal.stdin.write('exit\r');
    expect(await terminal.ended).toBe(0);
  });

  test('passes Ctrl-C to the shell, and what it shows byte for byte', async () => {
    const bytes = Buffer.from([0x1b, 0x5b, 0x32, 0x4a, 0xff, 0x00, 0x07]);
    await using terminal = await atTerminal({
      shell: ({ stdin, stdout, exit }) => {
        stdout.write(bytes);
        stdin.on('data', (typed: Buffer) => exit(typed[0] ?? 0));
      },
    });
    await terminal.until(bytes.toString('latin1'));
    terminal.stdin.write('\x03');
    expect(await terminal.ended).toBe(3);
  });

  test('gives the terminal back when the connection is lost, and says so', async () => {
    await using terminal = await atTerminal();
    await terminal.until('$ ');
    terminal.world.server.dropAll('rst');
    expect(await terminal.ended).toBe(255);
    terminal.expectClean();
    expect(terminal.said).toContain('ConnectionLost');
    expect(terminal.shown).toMatch(/\x1b\[\?25h.*\x1b\[\?2004l/);
  });

  test.each([['SIGTERM', 143] as const, ['SIGHUP', 129] as const])(
    'gives it back at %s',
    async (signal, code) => {
      await using terminal = await atTerminal();
      await terminal.until('$ ');
      terminal.stop.abort(new Stopped(signal));
      expect(await terminal.ended).toBe(code);
      terminal.expectClean();
    },
  );

  test('gives it back at the end of the process, which may come from anywhere', async () => {
    await using terminal = await atTerminal();
    await terminal.until('$ ');
    for (const listener of process.listeners('exit').slice(-1)) listener.call(process, 1);
    expect(terminal.modes).toEqual([true, false]);
    terminal.stdin.write('exit\r');
    await terminal.ended;
    terminal.expectClean();
  });

  test('is left by Enter and ~., although nothing answers', async () => {
    await using terminal = await atTerminal({ faults: { exec: { hang: true } } });
    await vi.waitFor(() => expect(terminal.modes).toEqual([true]));
    terminal.stdin.write('\r~.');
    expect(await terminal.ended).toBe(255);
    terminal.expectClean();
    expect(terminal.said).toContain('left the shell');
  });

  test('ends with the terminal that goes away', async () => {
    await using terminal = await atTerminal();
    await terminal.until('$ ');
    terminal.stdin.end();
    expect(await terminal.ended).toBe(0);
  });

  test('needs a terminal, and opens nothing without one', async () => {
    await using world = await startWorld();
    const { exitCode, stderr } = await world.run('shell', [world.address]);
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('needs a terminal'),
    });
    expect(world.server.journal).toEqual([]);
  });
});

describe('~. at the beginning of a line', () => {
  const read = (...pieces: string[]) => {
    const keys = new EscapeKeys();
    const all = pieces.map((piece) => keys.read(Buffer.from(piece)));
    return { text: all.map(({ bytes }) => bytes.toString()).join(''), leaves: all.some((one) => one.leaves) };
  };
  test.each([
    ['leaves', ['~.'], '', true],
    ['leaves, in two reads', ['ls\r~', '.'], 'ls\r', true],
    ['is text elsewhere', ['a~.'], 'a~.', false],
    ['~~ is one', ['\r~~.'], '\r~.', false],
    ['~x passes', ['\r~x'], '\r~x', false],
    ['a new line after ~ is a new line', ['\r~\r~.'], '\r~\r', true],
  ])('%s', (_what, pieces, text, leaves) => {
    expect(read(...pieces)).toEqual({ text, leaves });
  });
});
