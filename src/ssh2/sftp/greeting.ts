const kept = 200;

/** The first bytes of an SFTP session, kept while they may be text that a shell prints. */
export class Greeting {
  #bytes = Buffer.alloc(0);

  take(chunk: Buffer): void {
    if (this.#bytes.length < kept)
      this.#bytes = Buffer.concat([this.#bytes, chunk.subarray(0, kept - this.#bytes.length)]);
  }

  /** The text, if it is any, even an empty line: the length of a genuine first packet begins with a zero byte. */
  get noise(): string | undefined {
    const [text = ''] = this.#bytes.toString('utf8').split('\0');
    return /^[\t\r\n\x1b -~\u0080-\ufffc]/.test(text) ? text.trimEnd() || text : undefined;
  }
}
