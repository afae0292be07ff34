/** Numbered notes below a table; equal texts share a number. */
export class Notes {
  #texts: string[] = [];

  /** The reference to put into the cell. */
  mark(text: string): string {
    if (!this.#texts.includes(text)) this.#texts.push(text);
    return `<sup>${this.#texts.indexOf(text) + 1}</sup>`;
  }

  get text(): string {
    return this.#texts.map((text, index) => `<sup>${index + 1}</sup> ${inMarkdown(text)}`).join('<br>\n');
  }
}

/** A program's output, escaped so that Markdown shows it as it is. */
function inMarkdown(text: string): string {
  return text.replace(/[\\`*_[\]<>|]/g, (sign) => `\\${sign}`);
}
