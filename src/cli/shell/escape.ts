const tilde = 0x7e;
const dot = 0x2e;
const isLineEnd = (byte: number) => byte === 0x0d || byte === 0x0a;

/**
 * Detects `~.` at the beginning of a line, as in ssh: the way out of a session that does not respond, where Ctrl-C is a
 * byte like any other. `~~` there sends one `~`.
 */
export class EscapeKeys {
  #isAtStart = true;
  #isHeld = false;

  /** What to send; `leaves` if the user wants to leave, after what precedes the escape. */
  read(typed: Buffer): { bytes: Buffer; leaves: boolean } {
    const bytes: number[] = [];
    for (const byte of typed) {
      if (this.#isHeld) {
        this.#isHeld = false;
        if (byte === dot) return { bytes: Buffer.from(bytes), leaves: true };
        this.#isAtStart = isLineEnd(byte);
        bytes.push(tilde);
        if (byte !== tilde) bytes.push(byte);
      } else if (byte === tilde && this.#isAtStart) {
        this.#isHeld = true;
      } else {
        this.#isAtStart = isLineEnd(byte);
        bytes.push(byte);
      }
    }
    return { bytes: Buffer.from(bytes), leaves: false };
  }
}
