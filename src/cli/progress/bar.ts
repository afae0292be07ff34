import { printable } from '../../text/printable.ts';
import { now } from '../../time/timer.ts';
import type { ProgramOutput } from '../io.ts';
import type { TransferProgress } from '../library.ts';
import { inBytes } from '../report/bytes.ts';
import { clock } from '../report/times.ts';
import { firstColumns, lastColumns, widthOf } from '../report/width.ts';
import { Rate } from './rate.ts';

/** Draws the progress of a transfer on one line of a terminal; draws nothing elsewhere. */
export class ProgressBar {
  readonly #output: ProgramOutput;
  readonly #rate = new Rate();
  readonly #now: () => number;
  #isDrawn = false;

  constructor(output: ProgramOutput, clockNow: () => number = now) {
    this.#output = output;
    this.#now = clockNow;
  }

  update(progress: TransferProgress): void {
    this.#rate.add(progress.transferred, this.#now());
    if (!this.#output.isTTY) return;
    // A terminal of unknown width reports 0.
    const line = drawLine(progress, this.#rate.bytesPerSecond, (this.#output.columns || 80) - 1);
    // Back to the start of the line, the new text, then clear the rest of the old one.
    this.#output.write(`\r${line}\x1b[K`);
    this.#isDrawn = true;
  }

  /** Removes the bar, so that other output starts on a clean line. */
  clear(): void {
    if (this.#isDrawn) this.#output.write('\r\x1b[K');
    this.#isDrawn = false;
  }
}

/** `in.bin   45 % [=====>     ]  12.3 MB  4.1 MB/s  00:05 left`, in at most `width` columns. */
export function drawLine(progress: TransferProgress, rate: number | undefined, width: number): string {
  const { path, transferred, total } = progress;
  const speed = rate === undefined ? '' : `  ${inBytes(rate)}/s`;
  const amount = `${inBytes(transferred)}${speed}${timeLeft(progress, rate)}`;
  const name = shortName(path, Math.min(30, Math.floor(width / 3)));
  if (total === undefined || total === 0) return firstColumns(`${name}  ${amount}`, width);
  const part = Math.min(1, transferred / total);
  const percent = `${String(Math.floor(part * 100)).padStart(3)} %`;
  const room = Math.min(40, width - widthOf(name) - percent.length - amount.length - 8);
  const bar = room >= 5 ? ` [${arrow(part, room)}]` : '';
  return firstColumns(`${name}  ${percent}${bar}  ${amount}`, width);
}

function timeLeft({ transferred, total }: TransferProgress, rate: number | undefined): string {
  if (total === undefined || rate === undefined || transferred >= total) return '';
  return rate < 1 ? '  stalled' : `  ${clock(((total - transferred) * 1_000) / rate)} left`;
}

function arrow(part: number, room: number): string {
  const done = Math.floor(part * room);
  return done >= room ? '='.repeat(room) : `${'='.repeat(done)}>`.padEnd(room);
}

/** A name from a server may be anything. The end of a long path says more than its beginning. */
function shortName(path: string, room: number): string {
  const end = (path.split(/[/\\]/).pop() ?? path).slice(-200);
  const name = printable(end, end.length);
  return widthOf(name) <= room ? name : `...${lastColumns(name, Math.max(0, room - 3))}`;
}
