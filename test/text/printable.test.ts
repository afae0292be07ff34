import { describe, expect, it } from 'vitest';
import { printable, quoted } from '../../src/text/printable.ts';

const raw = /[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;

describe('printable', () => {
  it.each([
    ['plain text stays', 'OpenSSH_for_Windows_9.5', 'OpenSSH_for_Windows_9.5'],
    ['Korean and emoji stay', '한글 🙂', '한글 🙂'],
    ['line ends and tabs are named', 'a\r\nb\tc', 'a\\r\\nb\\tc'],
    ['a terminal escape is shown', '\u001b[31mred\u001b]0;title\u0007', '\\x1b[31mred\\x1b]0;title\\x07'],
    ['NUL and DEL are shown', '\0\u007f', '\\x00\\x7f'],
    ['an 8-bit escape is shown', '\u009b2J', '\\x9b2J'],
    ['direction overrides are shown', 'a\u202eb\u2066c', 'a\\u202eb\\u2066c'],
    ['zero-width characters are shown', 'a\u200bb\ufeffc', 'a\\u200bb\\ufeffc'],
    ['line separators are shown', 'a\u2028b', 'a\\u2028b'],
    ['half a surrogate pair is shown', 'a\ud83db', 'a\\ud83db'],
    ['nothing is nothing', '', ''],
  ])('%s', (_what, text, wanted) => {
    expect(printable(text)).toBe(wanted);
    expect(printable(Buffer.from(text))).toBe(text === 'a\ud83db' ? 'a\ufffdb' : wanted);
  });

  it('never lets a raw control or invisible character through', () => {
    const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).join('');
    expect(printable(all, all.length)).not.toMatch(raw);
  });

  it('truncates a megabyte, says how much is missing, and stays on one line', () => {
    const shown = printable('\n'.repeat(1 << 20), 100);
    expect(shown).toBe(`${'\\n'.repeat(100)}... (${(1 << 20) - 100} more)`);
    expect(printable(Buffer.alloc(1 << 20, 'x'), 100)).toBe(
      `${'x'.repeat(100)}... (${(1 << 20) - 100} more)`,
    );
  });

  it('does not claim that something is missing from a Buffer of multibyte characters', () => {
    expect(printable(Buffer.from('가'.repeat(100)), 200)).toBe('가'.repeat(100));
    expect(printable(Buffer.from('가'.repeat(200)), 200)).toBe('가'.repeat(200));
    expect(printable(Buffer.from('가'.repeat(201)), 200)).toBe(`${'가'.repeat(200)}... (1 more)`);
  });

  it('truncates between the halves of a surrogate pair visibly', () => {
    expect(printable('ab🙂', 3)).toBe('ab\\ud83d... (1 more)');
  });

  it('is idempotent', () => {
    const hostile = '\u001b[2J\n\u202e"\\';
    expect(printable(printable(hostile))).toBe(printable(hostile));
  });
});

describe('quoted', () => {
  it('adds quotes, and escapes those inside', () => {
    expect(quoted('say "hi"\n')).toBe('"say \\"hi\\"\\n"');
  });
});
