import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildPowerShell } from '../../src/exec/command-line/powershell-script.ts';
import { arbitraryArgument } from '../support/arbitrary-argv.ts';
import { decodeCommand } from '../support/decode-powershell.ts';

/** PowerShell's own `${...}`. */
const variable = (name: string) => `\${env:${name}}`;

/** The script as a literal, read as PowerShell reads it. */
function embeddedScript(code: string): string {
  const literal = /\nif\(.*exit 1\}\n\$s='([\s\S]*)'\n\$ErrorActionPreference=/.exec(code)?.[1] ?? '';
  expect(literal.replace(/['\u2018-\u201b]{2}/g, '')).not.toMatch(/['\u2018-\u201b]/);
  return literal.replace(/(['\u2018-\u201b])['\u2018-\u201b]/g, '$1');
}

describe('buildPowerShell', () => {
  it.each(['powershell', 'pwsh'] as const)('sends a short script to %s in the command itself', (shell) => {
    const { command, stdin } = buildPowerShell("Write-Output '안녕 it''s'", { shell });
    expect(stdin).toBeUndefined();
    expect(command).toMatch(
      new RegExp(
        `^${shell} -NoProfile -NonInteractive -InputFormat None -OutputFormat Text -EncodedCommand [A-Za-z0-9+/]+=*$`,
      ),
    );
    expect(embeddedScript(decodeCommand(command))).toBe("Write-Output '안녕 it''s'");
  });

  it('embeds every script unchanged', () => {
    const script = fc.array(arbitraryArgument({ lineBreaks: true })).map((parts) => parts.join(''));
    fc.assert(
      fc.property(script, (text) => {
        const { command } = buildPowerShell(text, { shell: 'powershell' });
        expect(embeddedScript(decodeCommand(command))).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  it('sends a script that is too long for cmd.exe through stdin, by its exact length', () => {
    const script = `'${'한글 😀\r\n'.repeat(2000)}'`;
    const { command, stdin = '' } = buildPowerShell(script, { shell: 'powershell' });
    expect(Buffer.from(stdin, 'base64').toString('utf8')).toBe(script);
    expect(stdin).toMatch(/^[A-Za-z0-9+/]+=*$/);
    const code = decodeCommand(command);
    expect(code).toContain(`exit 1}\n$n=${stdin.length}\n$b=New-Object byte[] $n;`);
  });

  it('keeps every command within the limit of cmd.exe, also at the boundary', () => {
    let border = 0;
    for (let length = 1800; length < 2600; length += 1) {
      const { command, stdin } = buildPowerShell('x'.repeat(length), { shell: 'powershell' });
      expect(command.length).toBeLessThanOrEqual(8000);
      if (stdin === undefined) border = length;
    }
    expect(border).toBeGreaterThan(1800);
    expect(border).toBeLessThan(2599);
  });

  it('sets cwd and env so that a failure stops the script', () => {
    const { command } = buildPowerShell('dir', { shell: 'pwsh', cwd: 'C:\\rpa', env: { A: 'b' } });
    expect(decodeCommand(command)).toContain(
      `;Set-Location -LiteralPath 'C:\\rpa' -ErrorAction Stop;${variable('A')}='b';}`,
    );
  });

  it('rejects what is not a script', () => {
    expect(() => buildPowerShell(5 as unknown as string, { shell: 'pwsh' })).toThrow(
      /^argument script: 5 given; a string/,
    );
    expect(() => buildPowerShell('a\0', { shell: 'pwsh' })).toThrow(/^argument script: .* without a NUL/);
    expect(() => buildPowerShell('a', { shell: 'pwsh', env: { 'a b': '' } })).toThrow(TypeError);
    expect(() => buildPowerShell('a', { shell: 'pwsh', env: { A: 'x'.repeat(3000) } })).toThrow(RangeError);
  });
});
