const plainWord = /^[A-Za-z0-9_./:,@+-]+$/;

/** Whether no shell sees anything in it. */
export function isPlainWord(text: string): boolean {
  return plainWord.test(text);
}

/**
 * `text`, without a line break, as one word that every login shell (sh, bash, zsh, fish, csh, tcsh) reads alike.
 * Within single quotes fish looks at `\`, csh at `!`, all at the quote: so these are placed outside of them, behind a
 * backslash.
 */
export function anyShellWord(text: string): string {
  return isPlainWord(text) ? text : anyShellQuoted(text);
}

/** The same in quotes, needed or not. */
export function anyShellQuoted(text: string): string {
  return `'${text.replaceAll(/['\\!]/g, "'\\$&'")}'`;
}
