/**
 * Cuts text that arrives in pieces into lines. A line ends with `\n` or `\r\n`, neither is part of it; a `\r` alone
 * (progress bars) stays in its line. What follows the last line end is a line if it is not empty.
 *
 * A line is kept whole however long it is: output without a line end is held in memory up to the end. Who reads
 * from a source that is not trusted limits the output, or reads the stream instead of lines.
 */
export class LineSplitter {
  // Pieces of an unfinished line are joined once, at its end: a long line in small chunks costs linear time.
  #pieces: string[] = [];

  /** The lines that `text` completes. */
  push(text: string): string[] {
    const parts = text.split('\n');
    const rest = parts.pop() ?? '';
    const lines = parts.map((part, index) => withoutReturn(index === 0 ? this.#take(part) : part));
    if (rest) this.#pieces.push(rest);
    return lines;
  }

  /** The last line, if it had no line end. The splitter is empty then. */
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
