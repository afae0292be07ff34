import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quote } from '../../../src/exec/quote/index.ts';
import { quoteMsvcrtArg } from '../../../src/exec/quote/msvcrt.ts';
import { arbitraryArgument, arbitraryArguments } from '../../support/arbitrary-argv.ts';
import { readByBatchFile, readByCmd } from '../../support/cmd-model.ts';
import { parseArguments, parseMsvcrt } from '../../support/msvcrt-argv.ts';

const variables = {
  PATH: 'C:\\Windows & "x" | y',
  a: '1',
  b: '2',
  AB: '3',
  P: '4',
  CD: 'C:\\',
  DATE: 'today',
  ' ': '5',
};
const programs = [
  'print-argv.exe',
  'C:\\tools\\print.exe',
  'C:\\Program Files\\50% of\\a&b^(x)!.exe',
  'C:/x/한글 각.com',
];

function receivedThroughCmd(command: string, outer: boolean): string[] {
  const commands = readByCmd(command, variables, outer);
  expect(commands).toHaveLength(1);
  const text = commands[0]?.text ?? '';
  // cmd.exe drops the quotes of a program's name wherever they are; these names have no other white space.
  const name = /^(?:"[^"]*"|[^ "])+/.exec(text)?.[0] ?? '';
  return [name.replaceAll('"', ''), ...parseArguments(text.slice(name.length))];
}

describe("the C runtime's rules", () => {
  it.each([
    ['a.exe "abc" d e', ['abc', 'd', 'e']],
    ['a.exe a\\\\b d"e f"g h', ['a\\\\b', 'de fg', 'h']],
    ['a.exe a\\\\\\"b c d', ['a\\"b', 'c', 'd']],
    ['a.exe a\\\\\\\\"b c" d e', ['a\\\\b c', 'd', 'e']],
    ['a.exe a"b"" c d', ['ab" c d']],
    ['"C:\\a b.exe" ""', ['']],
  ])("parse Microsoft's example %s", (line, expected) => {
    expect(parseMsvcrt(line).slice(1)).toEqual(expected);
  });

  it('undo what quoteMsvcrtArg quoted', () => {
    fc.assert(
      fc.property(arbitraryArguments({ lineBreaks: true }), (args) => {
        expect(parseArguments(args.map(quoteMsvcrtArg).join(' '))).toEqual(args);
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    ['', '""'],
    ['plain-1.0', 'plain-1.0'],
    ['C:\\', 'C:\\'],
    ['a b\\', '"a b\\\\"'],
    ['a\\"b', '"a\\\\\\"b"'],
    ['*.txt', '"*.txt"'],
  ])('parse %j as %s', (argument, expected) => {
    expect(quoteMsvcrtArg(argument)).toBe(expected);
  });
});

describe('quote.cmd', () => {
  it.each([
    ['in quotes, as sshd runs it', true],
    ['bare, as sshd runs it for a pty', false],
  ])('round-trips every argument through cmd /c %s', (_, outer) => {
    fc.assert(
      fc.property(
        fc.constantFrom(...programs),
        arbitraryArguments({ lineBreaks: false }),
        (program, args) => {
          expect(receivedThroughCmd(quote.cmd([program, ...args]), outer)).toEqual([program, ...args]);
        },
      ),
      { numRuns: 5000 },
    );
  });

  it('prevents variable expansion, with and without a modifier', () => {
    expect(quote.cmd(['p.exe', '%PATH%'])).toBe('p.exe ^"^%PATH^%^"');
    expect(quote.cmd(['p.exe', '%PATH:~0,3%'])).toBe('p.exe ^"^%PATH^:^~0^,3^%^"');
  });

  it('stays readable without special characters', () => {
    expect(quote.cmd(['rpa.exe', '-f', 'C:\\rpa\\in file.json', 'a&b', '각'])).toBe(
      'rpa.exe -f "C:\\rpa\\in file.json" "a&b" "각"',
    );
  });

  it('does not begin with a quote, which cmd /c would strip', () => {
    expect(quote.cmd(['C:\\Program Files\\a.exe', 'b'])).toBe('@"C:\\Program Files\\a.exe" b');
  });

  it.each(['echo.exe', 'cd..\\a', 'scp-report', 'sftp-server2.exe', 'a,b', ':label', 'a=b'])(
    'quotes the program %s, which would otherwise mean something else',
    (name) => {
      expect(quote.cmd([name])).toBe(`@"${name}"`);
    },
  );

  it('does not quote scp and built-ins', () => {
    expect(quote.cmd(['scp.exe', '-t', 'x'])).toBe('scp.exe -t x');
    expect(quote.cmd(['dir', 'C:\\'])).toBe('dir C:\\');
  });

  describe('with a batch file', () => {
    it('doubles backslashes before a closing quote, for the program that receives %*', () => {
      expect(quote.cmd(['C:\\rpa\\run.CMD', 'C:\\a b\\', 'x&y', 'C:\\'])).toBe(
        'C:\\rpa\\run.CMD "C:\\a b\\\\" "x&y" C:\\',
      );
    });

    it('round-trips every argument through %*', () => {
      const argument = arbitraryArgument({ lineBreaks: false }).map((text) => text.replaceAll('"', '\\'));
      fc.assert(
        fc.property(fc.array(argument, { minLength: 1, maxLength: 4 }), (args) => {
          const text = readByCmd(quote.cmd(['run.cmd', ...args]), variables, true)[0]?.text ?? '';
          const commands = readByBatchFile(text.slice('run.cmd '.length));
          expect(commands).toHaveLength(1);
          expect(parseArguments((commands[0]?.text ?? '').slice('program.exe'.length))).toEqual(args);
        }),
        { numRuns: 2000 },
      );
    });

    it.each(['run.bat', 'run.cmd. ', 'RUN.BAT'])('rejects a double quote for %j', (name) => {
      expect(() => quote.cmd([name, 'a"b'])).toThrow(/argv\[1\] contains a double quote, which a batch file/);
    });

    it('lets no argument become a command when the line is parsed a second time', () => {
      const batch = fc.constantFrom('run.bat', 'npm');
      fc.assert(
        fc.property(
          batch,
          fc.array(arbitraryArgument({ lineBreaks: false }), { maxLength: 3 }),
          (name, args) => {
            let command: string;
            try {
              command = quote.cmd([name, ...args]);
            } catch (error) {
              expect(error).toBeInstanceOf(TypeError);
              fc.pre(false);
              return;
            }
            const text = readByCmd(command, variables, true)[0]?.text ?? '';
            expect(readByBatchFile(text.slice(text.indexOf(' ') + 1 || text.length))).toHaveLength(1);
          },
        ),
        { numRuns: 3000 },
      );
    });

    it('requires the extension if the program may be a batch file and an argument could break out', () => {
      expect(() => quote.cmd(['npm', 'a"&calc'])).toThrow(/name the program with its extension/);
      expect(quote.cmd(['git.exe', 'a"&b'])).toBe('git.exe ^"a\\^"^&b^"');
    });
  });

  it('rejects what cmd.exe cannot pass', () => {
    expect(() => quote.cmd(['a.exe', 'b\nc'])).toThrow(/^argument argv\[1\]: .* without a line break/);
    expect(() => quote.cmd(['a.exe', 'b\rc'])).toThrow(TypeError);
    expect(() => quote.cmd(['a.exe', 'b\0c'])).toThrow(/NUL/);
    expect(() => quote.cmd(['a"b.exe'])).toThrow(/argv\[0\] contains a double quote/);
    expect(() => quote.cmd([])).toThrow(TypeError);
  });
});
