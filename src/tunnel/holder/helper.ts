import { isSshError } from '../../errors/index.ts';
import { printable } from '../../text/printable.ts';
import type { FirstWords } from '../banner-probe.ts';
import type { GatewayConnection, ReclaimRefusal } from '../types.ts';
import type { NoteAnswer, ReclaimResult } from './answers.ts';

/** The first line printed by the helper that `setup gateway` installs as the forced command of tunnel accounts. */
const marker = 'ssh-via-gateway-helper-1';
const timeout = 40_000;
/** Tenths of a second. */
const longestPatience = 200;
const maxBuffer = 64 << 10;

/** Asks the gateway's helper to note this session; undefined if there is no helper. */
export async function noteByHelper(
  connection: Pick<GatewayConnection, 'exec'>,
  port: number,
  signal?: AbortSignal,
): Promise<NoteAnswer | undefined> {
  const words = await ask(connection, `note ${port}`, signal);
  if (!words) return undefined;
  const [outcome, pid = '', start = '', boot = ''] = words;
  if (outcome === 'noted' && /^\d+$/.test(pid)) {
    return { session: { pid: Number(pid), start, boot }, byHelper: true };
  }
  return { failed: 'no-note', message: `The gateway's helper could not write the note: ${shown(words)}` };
}

/** Asks the helper to end this account's dead session that holds the port; undefined if there is no helper. */
export async function reclaimByHelper(
  connection: Pick<GatewayConnection, 'exec'>,
  port: number,
  { patience, signal }: { patience: number; signal?: AbortSignal | undefined },
): Promise<ReclaimResult | undefined> {
  // The helper's default is 1.5 s; a longer patience is sent along.
  const tenths = Math.min(Math.ceil(patience / 100), longestPatience);
  const words = await ask(connection, `reclaim ${port}${tenths > 15 ? ` ${tenths}` : ''}`, signal);
  if (!words) return undefined;
  const [outcome, detail = ''] = words;
  if (outcome === 'free') return { kind: 'free' };
  if (outcome === 'reclaimed' && /^\d+$/.test(detail)) {
    return { kind: 'reclaimed', pid: Number(detail), evidence: 'note' };
  }
  const reason = refusals.find((one) => one === detail) ?? 'no-note';
  return {
    kind: 'refused',
    reason,
    message: `The gateway's helper leaves port ${port} alone: ${shown(words)}`,
  };
}

/** Asks the helper to test this account's port; undefined if there is no helper, or it cannot connect. */
export async function checkByHelper(
  connection: Pick<GatewayConnection, 'exec'>,
  port: number,
  signal?: AbortSignal,
): Promise<FirstWords | undefined> {
  const words = await ask(connection, `check ${port}`, signal);
  const [seen, ...banner] = words ?? [];
  if (seen === 'banner') return { kind: 'banner', banner: banner.join(' ') };
  if (seen === 'closed') return { kind: 'ended' };
  return seen === 'silent' ? { kind: 'silent' } : undefined;
}

const refusals: readonly ReclaimRefusal[] = ['other-user', 'no-note', 'answers', 'cannot-check', 'survived'];

/** The words of the last line of its answer. */
async function ask(
  connection: Pick<GatewayConnection, 'exec'>,
  request: string,
  signal: AbortSignal | undefined,
): Promise<string[] | undefined> {
  const options = { reject: false, timeout, maxBuffer, ...(signal ? { signal } : {}) } as const;
  try {
    const { stdout } = await connection.exec(request, options);
    const [first, ...lines] = stdout.trim().split('\n');
    return first?.trim() === marker ? (lines.at(-1) ?? '').trim().split(/\s+/) : undefined;
  } catch (error) {
    if (signal?.aborted || !isSshError(error) || error.code === 'SSH_CONNECTION_LOST') throw error;
    return undefined;
  }
}

function shown(words: readonly string[]): string {
  return printable(words.join(' '), 120);
}
