import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter } from '../../src/exec/output/lines.ts';

function lines(parts: readonly string[]): string[] {
  const splitter = new LineSplitter();
  return [...parts.flatMap((part) => splitter.push(part)), ...splitter.end()];
}

describe('LineSplitter', () => {
  it.each([
    ['a\nb\n', ['a', 'b']],
    ['a\r\nb', ['a', 'b']],
    ['a\rb\r\r\nc\r', ['a\rb\r', 'c\r']],
    ['', []],
    ['\n\r\n', ['', '']],
    ['한글\n각', ['한글', '각']],
  ])('splits %j', (text, expected) => {
    expect(lines([text])).toEqual(expected);
    expect(lines([...text])).toEqual(expected);
  });

  it('returns the same lines however the text is split', () => {
    const part = fc.string({ unit: fc.constantFrom('\n', '\r', '\r\n', 'a', 'b '), maxLength: 5 });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const expected = parts.join('').split(/\r?\n/);
        if (expected.at(-1) === '') expected.pop();
        expect(lines(parts)).toEqual(expected);
      }),
    );
  });

  it('returns a line as soon as it is complete', () => {
    const splitter = new LineSplitter();
    expect(splitter.push('a\nb')).toEqual(['a']);
    expect(splitter.push('c\r')).toEqual([]);
    expect(splitter.push('\n')).toEqual(['bc']);
    expect(splitter.end()).toEqual([]);
    expect(splitter.push('d')).toEqual([]);
    expect(splitter.end()).toEqual(['d']);
    expect(splitter.end()).toEqual([]);
  });

  it('takes linear time for one long line in many pieces', () => {
    const parts = Array.from({ length: 200_000 }, () => 'x'.repeat(100));
    const [line] = lines(parts);
    expect(line).toHaveLength(20_000_000);
  });
});
