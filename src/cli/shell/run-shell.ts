import { exitCodeOfEnd } from '../exec/exit-code.ts';
import { type Io, OutputLost, say, write } from '../io.ts';
import type { Connection, ShellSession } from '../library.ts';
import { EscapeKeys } from './escape.ts';
import { makeRaw } from './terminal.ts';

/** A terminal of unknown size reports 0. */
function sizeOf({ stdout }: Io): { rows: number; columns: number } {
  return { rows: stdout.rows || 24, columns: stdout.columns || 80 };
}

/** Connects the user's terminal to a shell on the server until that ends; resolves to the exit code. */
export async function runShell(connection: Connection, io: Io): Promise<number> {
  const term = io.env['TERM'] || 'xterm-256color';
  const asked = sizeOf(io);
  await using shell = await connection.shell({ term, ...asked, signal: io.signal });
  const keys = new EscapeKeys();
  let hasLeft = false;
  const onTyped = (typed: Buffer) => {
    const { bytes, leaves } = keys.read(typed);
    if (bytes.length > 0 && !shell.write(bytes)) io.stdin.pause();
    if (!leaves) return;
    hasLeft = true;
    shell.destroy();
  };
  const onRoom = () => io.stdin.resume();
  const onEnd = () => shell.end();
  const onResize = () => {
    const { rows, columns } = sizeOf(io);
    shell.resize(rows, columns);
  };
  const restore = makeRaw(io);
  let wasCut = true;
  io.stdin.on('data', onTyped).on('end', onEnd);
  io.stdout.on('resize', onResize);
  // The window may have been resized while the request was under way.
  const { rows, columns } = sizeOf(io);
  if (rows !== asked.rows || columns !== asked.columns) onResize();
  shell.on('drain', onRoom);
  try {
    await show(shell, io, () => hasLeft);
    if (hasLeft) return 255;
    const end = await shell.exited;
    wasCut = end.exitCode === null;
    return exitCodeOfEnd(end, io);
  } finally {
    io.stdin.off('data', onTyped).off('end', onEnd).pause();
    io.stdout.off('resize', onResize);
    restore(wasCut);
    if (hasLeft) say(io.stderr, '\nssh-via-gateway: left the shell (~.)');
  }
}

/** Byte for byte: programs on the server draw on the user's terminal. */
async function show(shell: ShellSession, io: Io, hasLeft: () => boolean): Promise<void> {
  try {
    for await (const bytes of shell) await write(io.stdout, bytes);
  } catch (error) {
    if (hasLeft() && !(error instanceof OutputLost)) return;
    throw error;
  }
}
