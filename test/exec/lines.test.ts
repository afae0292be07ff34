import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter, splitLines } from '../../src/exec/output/lines.ts';

async function* chunks(parts: string[], onReturn?: () => void): AsyncGenerator<string> {
  try {
    yield* parts;
  } finally {
    onReturn?.();
  }
}

async function lines(parts: string[]): Promise<string[]> {
  const all: string[] = [];
  for await (const line of splitLines(chunks(parts))) all.push(line);
  return all;
}

describe('splitLines', () => {
  it.each([
    ['a\nb\n', ['a', 'b']],
    ['a\r\nb', ['a', 'b']],
    ['a\rb\r\r\nc\r', ['a\rb\r', 'c\r']],
    ['', []],
    ['\n\r\n', ['', '']],
    ['한글\n각', ['한글', '각']],
  ])('splits %j', async (text, expected) => {
    expect(await lines([text])).toEqual(expected);
    expect(await lines([...text])).toEqual(expected);
  });

  it('gives the same lines however the text is cut', async () => {
    const part = fc.string({ unit: fc.constantFrom('\n', '\r', '\r\n', 'a', 'b '), maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 8 }), async (parts) => {
        const expected = parts.join('').split(/\r?\n/);
        if (expected.at(-1) === '') expected.pop();
        expect(await lines(parts)).toEqual(expected);
      }),
    );
  });

  it('gives a line as soon as it is complete', () => {
    const splitter = new LineSplitter();
    expect(splitter.push('a\nb')).toEqual(['a']);
    expect(splitter.push('c\r')).toEqual([]);
    expect(splitter.push('\n')).toEqual(['bc']);
    expect(splitter.end()).toEqual([]);
    expect(splitter.push('d')).toEqual([]);
    expect(splitter.end()).toEqual(['d']);
    expect(splitter.end()).toEqual([]);
  });

  it('ends the source when the loop is left early', async () => {
    let returned = false;
    for await (const line of splitLines(chunks(['a\nb\n', 'c\n'], () => (returned = true)))) {
      expect(line).toBe('a');
      break;
    }
    expect(returned).toBe(true);
  });

  it('takes linear time for one long line in many pieces', async () => {
    const parts = Array.from({ length: 200_000 }, () => 'x'.repeat(100));
    const [line] = await lines(parts);
    expect(line).toHaveLength(20_000_000);
  });
});
