/** Numbered notes under a table; the same text has one number. */
export class Notes {
  #texts: string[] = [];

  /** The mark for the cell. */
  mark(text: string): string {
    if (!this.#texts.includes(text)) this.#texts.push(text);
    return `<sup>${this.#texts.indexOf(text) + 1}</sup>`;
  }

  get text(): string {
    return this.#texts.map((text, index) => `<sup>${index + 1}</sup> ${inMarkdown(text)}`).join('<br>\n');
  }
}

/** What a program said, shown as it is. */
function inMarkdown(text: string): string {
  return text.replace(/[\\`*_[\]<>|]/g, (sign) => `\\${sign}`);
}
