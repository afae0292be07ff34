import { eastAsianWidth } from 'get-east-asian-width';

const segmenter = new Intl.Segmenter();

/** Columns that a text takes on a terminal: a Hangul or a Chinese character takes two, a combining mark none. */
export function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += widthOfCharacter(segment);
  return width;
}

/** What of the text fits into so many columns, from its beginning: a character is never cut in two. */
export function firstColumns(text: string, columns: number): string {
  let room = columns;
  let kept = '';
  for (const { segment } of segmenter.segment(text)) {
    room -= widthOfCharacter(segment);
    if (room < 0) break;
    kept += segment;
  }
  return kept;
}

/** The same from its end. */
export function lastColumns(text: string, columns: number): string {
  const segments = [...segmenter.segment(text)].map(({ segment }) => segment).reverse();
  let room = columns;
  let kept = '';
  for (const segment of segments) {
    room -= widthOfCharacter(segment);
    if (room < 0) break;
    kept = segment + kept;
  }
  return kept;
}

/** The text, filled with blanks up to so many columns. */
export function padded(text: string, columns: number, isRight = false): string {
  const blanks = ' '.repeat(Math.max(0, columns - widthOf(text)));
  return isRight ? blanks + text : text + blanks;
}

const invisible = /^[\p{Control}\p{Mark}\p{Format}]$/u;

/** Of one grapheme: as wide as its widest part, for a letter may be composed of several (NFD, as macOS names files). */
function widthOfCharacter(grapheme: string): number {
  let width = 0;
  for (const character of grapheme) {
    if (invisible.test(character)) continue;
    width = Math.max(width, eastAsianWidth(character.codePointAt(0)!));
  }
  // Emoji that are composed, or asked for by a variation selector, are drawn in two columns.
  return grapheme.includes('\ufe0f') ? 2 : width;
}
