/**
 * Splits text that arrives in pieces into lines. A line ends with `\n` or `\r\n`, which is not part of it; a `\r` alone
 * (progress bars) stays in the line. Text after the last line ending is a line if it is not empty.
 *
 * There is no limit on the length of a line: output without line endings is held in memory until its end. With an
 * untrusted source, limit the output, or read the stream instead of lines.
 */
export class LineSplitter {
  // The pieces of a line are joined once, at its end: a long line in small chunks takes linear time.
  #pieces: string[] = [];

  /** Returns the lines that `text` completes. */
  push(text: string): string[] {
    const parts = text.split('\n');
    const rest = parts.pop() ?? '';
    const lines = parts.map((part, index) => withoutReturn(index === 0 ? this.#take(part) : part));
    if (rest) this.#pieces.push(rest);
    return lines;
  }

  /** Returns the last line if it had no line ending, and clears the splitter. */
  end(): string[] {
    const last = this.#take('');
    return last ? [last] : [];
  }

  #take(tail: string): string {
    if (this.#pieces.length === 0) return tail;
    const line = this.#pieces.join('') + tail;
    this.#pieces = [];
    return line;
  }
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
