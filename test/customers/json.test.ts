import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { setInJson } from '../../src/customers/json/edit.ts';
import { JsonSyntaxError, lineAt, parseJson, plainValue } from '../../src/customers/json/parse.ts';

describe('parseJson', () => {
  test('reads what JSON.parse reads, in any layout', () => {
    const layouts = fc.tuple(fc.jsonValue(), fc.constantFrom(undefined, 2, '\t'));
    fc.assert(
      fc.property(layouts, ([value, indent]) => {
        const text = JSON.stringify(value, null, indent);
        expect(JSON.stringify(plainValue(parseJson(text)))).toBe(JSON.stringify(JSON.parse(text)));
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ['', 0, 'a value is missing'],
    ['{"a":1,}', 7, 'a name in double quotes is missing'],
    ['{"a" 1}', 5, '":" is missing'],
    ['[1 2]', 3, '"," or "]" is missing'],
    ['{"a":1} x', 8, 'something follows the end'],
    ['"a\nb"', 0, 'a string does not end'],
    ['{"a":1,"a":2}', 7, '"a" occurs twice here'],
    ["{'a':1}", 1, 'a name in double quotes is missing'],
    ['[01]', 2, 'is missing'],
    ['['.repeat(60), 51, 'nested deeper than 50 levels'],
  ])('reports where %j is not JSON', (text, offset, message) => {
    expect(() => parseJson(text)).toThrow(JsonSyntaxError);
    expect(() => parseJson(text)).toThrow(
      expect.objectContaining({ offset, message: expect.stringContaining(message) }),
    );
  });

  test('skips a byte order mark, and keeps names that objects inherit', () => {
    expect(plainValue(parseJson('\ufeff{"__proto__": {"x": 1}}'))).toEqual(
      Object.assign(Object.create(null), { ['__proto__']: { x: 1 } }),
    );
  });

  test('knows the line of an offset', () => {
    expect([0, 2, 3].map((offset) => lineAt('a\nb\nc', offset))).toEqual([1, 2, 2]);
  });
});

describe('setInJson', () => {
  const set = (text: string, path: string[], value: unknown) => setInJson(text, path, value);

  test.each([
    ['{"a": 1,  "b":2}', ['a'], 3, '{"a": 3,  "b":2}'],
    ['{"a": 1}', ['b'], 'x', '{"a": 1, "b": "x"}'],
    ['{}', ['a'], 1, '{\n  "a": 1\n}'],
    ['{\n\t"a": {}\n}\n', ['a', 'b', 'c'], 1, '{\n\t"a": {\n\t\t"b": {\n\t\t\t"c": 1\n\t\t}\n\t}\n}\n'],
    ['{\r\n  "a": 1\r\n}', ['b'], [1], '{\r\n  "a": 1,\r\n  "b": [\r\n    1\r\n  ]\r\n}'],
  ])('%j with %j set to %j', (text, path, value, expected) => {
    expect(set(text, path, value)).toBe(expected);
  });

  test('changes one member and nothing else, whatever the file looks like', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true });
    fc.assert(
      fc.property(
        object,
        fc.string(),
        fc.jsonValue(),
        fc.constantFrom(undefined, 2, '\t'),
        (all, name, value, indent) => {
          fc.pre(name !== '__proto__' && !Object.hasOwn(all, '__proto__'));
          const changed = set(JSON.stringify(all, null, indent), [name], value);
          expect(JSON.parse(changed)).toEqual(JSON.parse(JSON.stringify({ ...all, [name]: value })));
          expect(Object.keys(JSON.parse(changed))).toEqual(Object.keys({ ...all, [name]: value }));
        },
      ),
      { numRuns: 300 },
    );
  });
});
