import { printable } from '../../text/printable.ts';

/** What the note of a port says about the tunnel behind it; see write-note.sh. Older versions wrote less. */
export interface HolderNote {
  pid: string;
  start: string;
  boot: string;
  /** The name of the tunnel's machine. */
  machine?: string | undefined;
  /** Different for each run of a tunnel. */
  tunnel?: string | undefined;
  /** Seconds after boot at which the tunnel was last known to be up. */
  upAt?: number | undefined;
  /** Interval in seconds at which the note is renewed. */
  every?: number | undefined;
  /** Milliseconds that its target takes to answer through the port; `mute` if it is never asked: no SSH server. */
  took?: number | 'mute' | undefined;
}

/** A request for the port by another tunnel; see want.sh. */
export interface PortWanted {
  machine: string;
  tunnel: string;
  /** How long ago, in seconds. */
  ago: number;
}

export function readHolderNote(words: readonly string[] | undefined): HolderNote | undefined {
  const [pid = '', start = '', boot, machine, tunnel, upAt, every, took] = words ?? [];
  if (boot === undefined) return undefined;
  return {
    pid,
    start,
    boot,
    tunnel,
    machine: machine === undefined ? undefined : printable(machine, 64),
    upAt: wholeOf(upAt),
    every: wholeOf(every),
    took: took === 'mute' ? 'mute' : wholeOf(took),
  };
}

/** The last request for the port since the gateway booted. */
export function readWanted(
  words: readonly string[] | undefined,
  { boot, now }: { boot: string | undefined; now: string | undefined },
): PortWanted | undefined {
  const [at, upAt, machine, tunnel] = words ?? [];
  const [then, here] = [wholeOf(upAt), wholeOf(now)];
  if (at !== boot || machine === undefined || tunnel === undefined) return undefined;
  if (then === undefined || here === undefined || here < then) return undefined;
  return { machine: printable(machine, 64), tunnel, ago: here - then };
}

function wholeOf(word: string | undefined): number | undefined {
  return word !== undefined && /^\d{1,12}$/.test(word) ? Number(word) : undefined;
}

interface Asker {
  /** The name of this tunnel in its notes. */
  id?: string | undefined;
  /** The name of this tunnel's machine. */
  machine: string;
  /** Whether it held the port before. */
  hadIt?: boolean | undefined;
}

/**
 * Whether the port is held by a tunnel that may be alive elsewhere. A new run on the machine named in the note succeeds
 * its own predecessor; a tunnel that has lost the port to another run, or runs on another machine, is a stranger.
 */
export function isStranger(note: HolderNote, { id, machine, hadIt }: Asker): boolean {
  if (note.tunnel !== undefined && note.tunnel === id) return false;
  return hadIt ? note.tunnel !== undefined : note.machine !== undefined && note.machine !== machine;
}

/**
 * Milliseconds until silence may be held against a tunnel that noted at `note.upAt` that it was up: `quiet`, or 1.5
 * times the interval at which it renews its note if that is longer.
 */
export function trustedFor(note: HolderNote, now: number, startedAt: number, quiet: number): number {
  const upAt = note.upAt ?? startedAt;
  return Math.max(0, (upAt - now) * 1000 + Math.max(quiet, 1_500 * (note.every ?? 0)));
}
