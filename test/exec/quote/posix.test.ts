import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quote } from '../../../src/exec/quote/index.ts';
import { arbitraryArguments } from '../../support/arbitrary-argv.ts';

const shells = ['/bin/sh', '/bin/bash'];

/** Many commands in one shell; each prints its arguments, ended by NUL, then a mark. */
function throughShell(shell: string, argvs: string[][]): string[][] {
  const script = argvs
    .map((args) => `${quote.posix(['printf', '%s\\0', ...args, 'end of argv'])}\n`)
    .join('');
  const output = execFileSync(shell, [], { input: script, encoding: 'utf8', maxBuffer: 1 << 26 });
  const result: string[][] = [[]];
  for (const word of output.split('\0').slice(0, -1)) {
    if (word === 'end of argv') result.push([]);
    else result.at(-1)?.push(word);
  }
  return result.slice(0, -1);
}

describe('quote.posix', () => {
  it.each(shells)('round-trips every argument through %s', (shell) => {
    const batch = fc.array(arbitraryArguments({ lineBreaks: true }), { minLength: 200, maxLength: 200 });
    fc.assert(
      fc.property(batch, (argvs) => {
        expect(throughShell(shell, argvs)).toEqual(argvs);
      }),
      { numRuns: 10 },
    );
  });

  it('leaves plain words unchanged and puts everything else in single quotes', () => {
    expect(quote.posix(['ls', '-l', '/var/log', 'a=b', '', "it's", '~', '*'])).toBe(
      "ls -l /var/log 'a=b' '' 'it'\\''s' '~' '*'",
    );
  });

  describe('with programs whose names are special to a shell', () => {
    const names = [
      'if',
      'while',
      'done',
      'function',
      '-c',
      '-x',
      '+e',
      '{',
      '!',
      'a=b',
      '~',
      '*',
      "a 'b' $c",
      '한글',
    ];
    let folder: string;

    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'quote-posix-'));
      for (const name of names) symlinkSync('/usr/bin/printf', join(folder, name));
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    it.each(shells)('starts them as sshd would: %s -c <command>', (shell) => {
      // HOME: a bash that believes to be run by sshd reads ~/.bashrc.
      const env = { PATH: `${folder}:/usr/bin:/bin`, HOME: folder };
      for (const name of names) {
        const output = execFileSync(shell, ['-c', quote.posix([name, '<%s>', 'a b'])], {
          env,
          encoding: 'utf8',
        });
        expect([name, output]).toEqual([name, '<a b>']);
      }
    });
  });

  it('rejects a program name that bash reads as a job, quoted or not', () => {
    expect(() => quote.posix(['%1'])).toThrow(/give the path/);
  });

  it('rejects what no process can receive', () => {
    expect(() => quote.posix([])).toThrow(TypeError);
    expect(() => quote.posix(['', 'a'])).toThrow(/^argument argv\[0\]: '' given; the name of a program/);
    expect(() => quote.posix(['a', 'b\0c'])).toThrow(/^argument argv\[1\]: 'b.*' given; .* without a NUL/);
    expect(() => quote.posix(['a', '\ud83d'])).toThrow(/^argument argv\[1\]: .* without lone surrogates/);
    expect(() => quote.posix('ls -l' as unknown as string[])).toThrow(
      /^argument argv: 'ls -l' given; an array of strings/,
    );
    expect(() => quote.posix(['a', 1 as unknown as string])).toThrow(
      /^argument argv\[1\]: 1 given; a string/,
    );
  });
});
