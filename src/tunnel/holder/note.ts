import { hostname } from 'node:os';
import { assign, first, noAnswer, runScript, type ScriptAnswer } from '../script/gateway-script.ts';
import * as scripts from '../script/scripts.generated.ts';
import type { GatewayConnection } from '../types.ts';
import type { NoteAnswer } from './answers.ts';
import { noteByHelper } from './helper.ts';
import { readWanted } from './holder.ts';

/** Folder of the notes, below the account's home on the gateway; one file per port. */
export const noteFolder = '.ssh-via-gateway';

/** What a note says besides the process. */
interface NoteWords {
  /** The name of this run of the tunnel. */
  tunnel: string;
  /** Interval in seconds at which the note is renewed; 0 if it is not. */
  every: number;
  /** Milliseconds that the target took to answer through the port, if known; `mute` if it is never asked. */
  took: number | 'mute' | undefined;
}

/**
 * Notes on the gateway which sshd process holds `port`: the one that serves `connection`. Written atomically (a
 * temporary file, then a rename), readable by the account alone.
 */
export async function writeNote(
  connection: Pick<GatewayConnection, 'exec'>,
  port: number,
  { tunnel, every, took }: NoteWords,
  signal?: AbortSignal,
): Promise<NoteAnswer> {
  const answer = await runScript(
    connection,
    [
      assign({ port, notes: noteFolder, machine: machineName(), tunnel, every, took: took ?? '-' }),
      scripts.process,
      scripts.boot,
      'echo "boot $boot"',
      scripts.self,
      scripts.writeNote,
    ],
    signal,
  );
  const helped = answer === 'no-shell' ? await noteByHelper(connection, port, signal) : undefined;
  if (helped) return helped;
  if (typeof answer === 'string') return { failed: answer, message: noAnswer[answer] };
  const [pid = '', start = '', boot] = answer.get('noted')?.[0] ?? [];
  if (boot !== undefined) {
    const wanted = readWanted(answer.get('wanted')?.[0], { boot, now: first(answer, 'now') });
    return { session: { pid: Number(pid), start, boot }, ...(wanted ? { wanted } : {}) };
  }
  if (answer.has('noproc')) return { failed: 'no-proc', message: noProc };
  return { failed: 'no-note', message: whyNot(answer) };
}

/** The name of this machine as a tunnel's note gives it. */
export function machineName(): string {
  return (
    hostname()
      .replace(/[^A-Za-z0-9._-]+/g, '_')
      .slice(0, 64) || '-'
  );
}

function whyNot(answer: ScriptAnswer): string {
  const comm = first(answer, 'self', 2) ?? '';
  return comm.startsWith('sshd')
    ? `The account cannot write to ~/${noteFolder} on the gateway.`
    : 'The account’s commands are not started by sshd itself, so its session cannot be identified.';
}

export const noProc = 'The gateway has no readable /proc: its sessions can be told apart only on Linux.';
