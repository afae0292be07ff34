import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inSh, quoteForAnyShell } from '../../../src/exec/quote/any-shell.ts';
import { arbitraryArguments } from '../../support/arbitrary-argv.ts';

describe('quoteForAnyShell', () => {
  it('round-trips every argument through sh', () => {
    fc.assert(
      fc.property(arbitraryArguments({ lineBreaks: true }), (args) => {
        const line = quoteForAnyShell(['printf', '%s\\0', 'start', ...args]);
        const output = execFileSync('/bin/sh', ['-c', line], { encoding: 'utf8' });
        expect(output.split('\0').slice(1, -1)).toEqual(args);
      }),
      { numRuns: 40 },
    );
  });

  it('quotes nothing in a way that fish or csh would interpret', () => {
    expect(quoteForAnyShell(['a', "b'c\\d!"])).toBe(String.raw`a 'b'\''c'\\'d'\!''`);
    expect(quoteForAnyShell(['ls', '-l', 'x y'])).toBe("ls -l 'x y'");
    expect(quoteForAnyShell(['-x', '-x'])).toBe("'-x' -x");
  });

  it.each([
    ['a word that fish takes for its own', ['not', 'x'], "exec /bin/sh -c 'not x'"],
    ['a word that sh takes for its own', ['if'], "exec /bin/sh -c ''\\''if'\\'''"],
    ['a word that csh takes for its own', ['@', 'x'], "exec /bin/sh -c '@ x'"],
    ['a line break', ['say', 'a\nb'], /^exec \/bin\/sh -c '_s=.*' sh 'say '\\''a' 'b'\\'''$/],
  ])('runs %s through sh', (_, argv, line) => {
    expect(quoteForAnyShell(argv)).toMatch(line);
  });
});

describe('inSh', () => {
  it('rejoins the lines of a script and leaves no variables of its own', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of sh
    const script = '\nprintf "%s|" "$#" "$0" "${_s-}" \'a\n\nb\\n\'\n';
    expect(execFileSync('/bin/bash', ['-c', inSh(script)], { encoding: 'utf8' })).toBe(
      '0|/bin/sh||a\n\nb\\n|',
    );
  });
});
