import type { Buffer } from 'node:buffer';
import { isSmall, SmallPieces } from './small-pieces.ts';

/** Output that waits for a reader that is behind or has not started. Small pieces after the first are joined. */
export class HeldOutput {
  readonly #pieces: Buffer[] = [];
  readonly #small = new SmallPieces();
  /** Bytes waiting. */
  bytes = 0;

  add(data: Buffer): void {
    if (this.bytes === 0 || !isSmall(data)) {
      this.#closeBlock();
      this.#pieces.push(data);
    } else {
      if (!this.#small.hasRoomFor(data)) this.#closeBlock();
      this.#small.add(data);
    }
    this.bytes += data.length;
  }

  take(): Buffer | undefined {
    if (this.#pieces.length === 0) this.#closeBlock();
    const piece = this.#pieces.shift();
    this.bytes -= piece?.length ?? 0;
    return piece;
  }

  #closeBlock(): void {
    const joined = this.#small.take();
    if (joined) this.#pieces.push(joined);
  }
}
