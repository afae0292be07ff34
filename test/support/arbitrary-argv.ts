import fc from 'fast-check';

/** What shells, quotes and encodings stumble over. */
const hostile = [
  ...' \t"\'\\`$%^&|<>()[]{}!*?~#;,=@:/-+.',
  ...'\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u00a0\u0085\u3000\ufeff',
  ...'한글각뷁é😀',
  ...'abPATH0',
  '\\\\',
  '\\"',
  '" ',
  '%PATH%',
  '%a%',
  '%PATH:a=b%',
  '!PATH!',
  '$(id)',
  '--%',
  '%1',
];

const lineBreaks = ['\n', '\r', '\r\n'];

/** Strings made of what is dangerous, and strings of anything that UTF-8 can carry, NUL left out. */
export function arbitraryArgument(options: { lineBreaks: boolean }): fc.Arbitrary<string> {
  const units = options.lineBreaks ? [...hostile, ...lineBreaks] : hostile;
  const anything = fc.string({ unit: 'binary', maxLength: 12 }).map((text) => {
    const clean = text.replaceAll('\0', '');
    return options.lineBreaks ? clean : clean.replace(/[\r\n]/g, '');
  });
  return fc.oneof(
    { weight: 5, arbitrary: fc.string({ unit: fc.constantFrom(...units), maxLength: 14 }) },
    { weight: 1, arbitrary: anything },
  );
}

export function arbitraryArguments(options: { lineBreaks: boolean }): fc.Arbitrary<string[]> {
  return fc.array(arbitraryArgument(options), { maxLength: 6 });
}
