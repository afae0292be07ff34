import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quote } from '../../../src/exec/quote/index.ts';
import { arbitraryArguments } from '../../support/arbitrary-argv.ts';
import { callByPowerShell } from '../../support/powershell-model.ts';

const programs = ['print-argv.exe', 'C:\\Program Files\\a\u2019b [1]\\x.exe', 'git', '/usr/bin/printf'];

describe('quote.powershell', () => {
  it.each(['5.1', '7'] as const)('round-trips every argument through PowerShell %s', (version) => {
    fc.assert(
      fc.property(fc.constantFrom(...programs), arbitraryArguments({ lineBreaks: true }), (program, args) => {
        let command: string;
        try {
          command = quote.powershell([program, ...args]);
        } catch (error) {
          expect([program, (error as Error).message]).toEqual(['git', expect.stringContaining('batch file')]);
          fc.pre(false);
          return;
        }
        const call = callByPowerShell(command, version);
        expect([call.program, ...call.arguments]).toEqual([program, ...args]);
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    [['C:\\rpa\\run.exe', '-f', 'in.json'], "& 'C:\\rpa\\run.exe' '-f' 'in.json'"],
    [['run.exe', 'a b'], "$PSNativeCommandArgumentPassing='Legacy';& 'run.exe' '\"a b\"'"],
    [['run.exe', ''], "$PSNativeCommandArgumentPassing='Legacy';& 'run.exe' '\"\"'"],
    [['run.exe', '{"a":1}'], `$PSNativeCommandArgumentPassing='Legacy';& 'run.exe' '"{\\"a\\":1}"'`],
    [['run.exe', '--%', '%a%'], `$PSNativeCommandArgumentPassing='Legacy';& 'run.exe' '"--%"' '"%a%"'`],
    [['run.exe', 'C:\\a b\\'], `$PSNativeCommandArgumentPassing='Legacy';& 'run.exe' '"C:\\a b\\\\"'`],
    [['run.exe', 'it\u2019s'], "$PSNativeCommandArgumentPassing='Legacy';& 'run.exe' '\"it\u2019\u2019s\"'"],
    [
      ['run.exe', '3" of snow'],
      "$PSNativeCommandArgumentPassing='Legacy';$env:SSH_VIA_GATEWAY_ARGUMENTS='\"3\\\" of snow\"';" +
        "& 'run.exe' '--%' '%SSH_VIA_GATEWAY_ARGUMENTS%'",
    ],
  ])('builds this statement for %j', (argv, expected) => {
    expect(quote.powershell(argv)).toBe(expected);
  });

  it('looks up a bare name as a program, not as an alias or cmdlet', () => {
    expect(quote.powershell(['sc', 'query'])).toBe(
      "& (Get-Command -CommandType Application -TotalCount 1 -ErrorAction Stop 'sc') 'query'",
    );
    expect(callByPowerShell(quote.powershell(['a[1]']), '5.1')).toMatchObject({
      program: 'a`[1`]',
      lookedUp: true,
    });
  });

  it('passes arguments to a .ps1 file unchanged', () => {
    expect(quote.powershell(['C:\\rpa\\run.ps1', 'say "hi" now', "it's"])).toBe(
      "& 'C:\\rpa\\run.ps1' 'say \"hi\" now' 'it''s'",
    );
  });

  it('keeps % in an argument of a batch file and rejects a double quote', () => {
    expect(quote.powershell(['run.cmd', '50% & %PATH%'])).toBe(
      "$PSNativeCommandArgumentPassing='Legacy';& 'run.cmd' '\"50%%cd:~,% & %%cd:~,%PATH%%cd:~,%\"'",
    );
    expect(quote.powershell(['run.cmd', 'C:\\a b\\'])).toContain('\'"C:\\a b\\\\"\'');
    expect(() => quote.powershell(['run.cmd', 'a"b'])).toThrow(TypeError);
  });

  it('rejects what no process can receive', () => {
    expect(() => quote.powershell([])).toThrow(TypeError);
    expect(() => quote.powershell(['a.exe', 'b\0'])).toThrow(/NUL/);
    expect(() => quote.powershell(['a"b.exe'])).toThrow(/argv\[0\] contains a double quote/);
  });
});
