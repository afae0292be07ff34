import { eastAsianWidth } from 'get-east-asian-width';

const segmenter = new Intl.Segmenter();

/** Columns that a text takes on a terminal: a Hangul or Chinese character takes two, a combining mark none. */
export function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += widthOfCharacter(segment);
  return width;
}

/** The beginning of the text that fits into this many columns; no character is cut in two. */
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

/** The text, padded with blanks to this many columns. */
export function padded(text: string, columns: number, isRight = false): string {
  const blanks = ' '.repeat(Math.max(0, columns - widthOf(text)));
  return isRight ? blanks + text : text + blanks;
}

const invisible = /^[\p{Control}\p{Mark}\p{Format}]$/u;

/**
 * The width of one grapheme: that of its widest part, as a letter may be composed of several (NFD, as macOS names
 * files).
 */
function widthOfCharacter(grapheme: string): number {
  let width = 0;
  for (const character of grapheme) {
    if (invisible.test(character)) continue;
    width = Math.max(width, eastAsianWidth(character.codePointAt(0)!));
  }
  // Composed emoji, and those requested by a variation selector, are drawn in two columns.
  return grapheme.includes('\ufe0f') ? 2 : width;
}
