/**
 * Text from outside (a server's banner, a disconnect reason, a file name) is hostile until shown otherwise:
 * terminal escapes, line breaks that forge log lines, direction overrides that reorder a line, megabytes.
 * It enters a message, a log or a terminal only through `printable`.
 */
const unsafe =
  // C0, DEL, C1, soft hyphen, zero-width and direction marks, line/paragraph separators, lone surrogates, BOM
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const named: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** `text` on one line, with every unsafe character escaped, cut to at most `max` characters of the original. */
export function printable(text: string | Buffer, max = 200): string {
  const whole = typeof text === 'string' ? text : text.subarray(0, max * 4).toString('utf8');
  // Of a long Buffer only the beginning is decoded, so what is left is counted in bytes.
  const isWhole = typeof text === 'string' || text.length <= max * 4;
  const length = isWhole ? whole.length : Math.max(whole.length, text.length);
  const shown = whole.slice(0, max).replace(unsafe, escapeCharacter);
  return length > max ? `${shown}... (${length - max} more)` : shown;
}

/** `printable` in double quotes, for use inside a message. */
export function quoted(text: string | Buffer, max = 200): string {
  return `"${printable(text, max).replaceAll('"', '\\"')}"`;
}

function escapeCharacter(character: string): string {
  const code = character.charCodeAt(0);
  if (named[character]) return named[character];
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}
