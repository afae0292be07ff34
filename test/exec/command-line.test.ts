import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  buildCommandLine,
  type CommandLineRequest,
  type Shell,
} from '../../src/exec/command-line/command-line.ts';
import { resolveExec } from '../../src/exec/options.ts';
import type { ExecOptions } from '../../src/exec/types.ts';
import { arbitraryArgument } from '../support/arbitrary-argv.ts';
import { readByCmd } from '../support/cmd-model.ts';
import { decodeCommand } from '../support/decode-powershell.ts';

/** PowerShell's own `${...}`. */
const variable = (name: string) => `\${env:${name}}`;

const allShells: Shell[] = ['posix', 'cmd', 'powershell', 'pwsh', 'raw'];

function texts(command: string): string[] {
  return readByCmd(command, { PATH: 'expanded', A: 'old' }, true).map(
    ({ operator, text }) => operator + text,
  );
}

describe('buildCommandLine', () => {
  it.each(allShells)('sends a plain string unchanged with shell %s', (shell) => {
    const command = ' a "b  c" | d %PATH% $HOME\n# ';
    expect(buildCommandLine({ command, shell })).toBe(command);
    expect(buildCommandLine({ command, shell, cwd: undefined, env: {} })).toBe(command);
  });

  it.each([
    [{ command: ['ls'] }, 'an argument array'],
    [{ command: 'ls', cwd: '/tmp' }, 'cwd'],
    [{ command: 'ls', env: { A: 'b' } }, 'env'],
  ])('rejects %j with shell "raw" and says what to use instead', (request, given) => {
    expect(() => buildCommandLine({ ...request, shell: 'raw' })).toThrow(
      new RegExp(`^${given} cannot be used with shell "raw".*Name the shell of the server`),
    );
  });

  it.each(['A B', 'A=B', '', '1A', 'A"', 'A\nB', 'A%', 'Ä'])('rejects %j as a variable name', (name) => {
    for (const shell of ['posix', 'cmd', 'powershell'] as const) {
      expect(() => buildCommandLine({ command: 'x', shell, env: { [name]: 'v' } })).toThrow(TypeError);
    }
  });

  it('accepts Windows variable names with parentheses', () => {
    const env = { 'ProgramFiles(x86)': 'C:\\x' };
    expect(buildCommandLine({ command: 'x', shell: 'cmd', env })).toBe('set "ProgramFiles(x86)=C:\\x" & x');
    expect(() => buildCommandLine({ command: 'x', shell: 'posix', env })).toThrow(
      /^option env: "ProgramFiles\(x86\)" is a name that no shell can set/,
    );
  });

  it.each([
    [{ command: '  ' }, /^argument command: ' {2}' given; a command that is not blank/],
    [{ command: 'a\0b' }, /^argument command: .* without a NUL/],
    [{ command: 'a', cwd: '' }, /^option cwd: '' given; the path of a folder/],
    [{ command: 'a', env: { A: 1 } }, /^option env\.A: a number given; a string/],
    [{ command: 'a', env: 'A=b' }, /^option env: a string given; an object of strings/],
    [
      { command: 'a', shell: 'bash' },
      /^option shell: 'bash' given; .*'posix', 'cmd', 'powershell', 'pwsh' or 'raw'/,
    ],
    [{ command: 5 }, /^argument command: 5 given; a string or an array of strings/],
  ])('rejects %j', (wrong, message) => {
    expect(() => buildCommandLine({ shell: 'posix', ...wrong } as CommandLineRequest)).toThrow(TypeError);
    expect(() => buildCommandLine({ shell: 'posix', ...wrong } as CommandLineRequest)).toThrow(message);
  });
});

describe('buildCommandLine for a POSIX shell', () => {
  let folder: string;
  const inside = ["a 'b' $c", '-', '-P', '~', '한글', 'x'];

  beforeAll(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'command-line-')));
    for (const name of inside) mkdirSync(join(folder, name));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function run(request: Omit<CommandLineRequest, 'shell'>, shell = '/bin/sh') {
    const line = buildCommandLine({ ...request, shell: 'posix' });
    const env = { PATH: '/usr/bin:/bin', CDPATH: '/', OLDPWD: '/', HOME: folder };
    return spawnSync(shell, ['-c', line], { cwd: folder, env, encoding: 'utf8' });
  }

  it('runs in cwd, relative or absolute, whatever its name', () => {
    for (const name of inside) {
      const expected = `${join(folder, name)}\n`;
      expect(run({ command: ['pwd'], cwd: name })).toMatchObject({ status: 0, stdout: expected, stderr: '' });
      expect(run({ command: 'pwd', cwd: join(folder, name) }, '/bin/bash').stdout).toBe(expected);
    }
    expect(run({ command: 'pwd', cwd: 'x/../..' }).stdout).toBe(`${join(folder, '..')}\n`);
  });

  it('does not look up a relative cwd in CDPATH', () => {
    expect(run({ command: 'pwd', cwd: 'usr' })).toMatchObject({ status: 1, stdout: '' });
  });

  it('fails without running any part of the command if cwd does not exist', () => {
    for (const command of ['echo a; echo b', 'false || echo c', ['echo', 'd'], '# note\necho e']) {
      const result = run({ command, cwd: 'missing' });
      expect(result).toMatchObject({ status: 1, stdout: '' });
      expect(result.stderr).toContain('missing');
    }
  });

  it('passes every value of env unchanged', () => {
    fc.assert(
      fc.property(arbitraryArgument({ lineBreaks: true }), (value) => {
        const result = run({
          command: ['printenv', '-0', 'SOME_VALUE'],
          env: { FIRST: '', SOME_VALUE: value },
        });
        expect(result.stdout).toBe(`${value}\0`);
      }),
      { numRuns: 60 },
    );
  });

  it.each(['UID', 'PPID'])('rejects %s, which bash sets itself', (name) => {
    expect(() => run({ command: 'echo ran', env: { [name]: '0' } })).toThrow(/bash sets itself/);
  });

  it('builds these command lines', () => {
    const line = buildCommandLine({ command: 'a; b', shell: 'posix', cwd: '/x', env: { A: 'b', D: 'e' } });
    expect(line).toBe(
      `exec /bin/sh -c 'set -- "\${SHELL:-/bin/sh}"; cd -- /x || exit 1; export A=b D=e || exit 1; exec "$1" -c '\\''a; b'\\'''`,
    );
    expect(buildCommandLine({ command: ['ls', 'a b'], shell: 'posix' })).toBe("ls 'a b'");
  });
});

describe('buildCommandLine for cmd.exe', () => {
  it('exits with an error before running any part of the command if cwd does not exist', () => {
    const line = buildCommandLine({ command: 'a & b', shell: 'cmd', cwd: 'C:/rpa/x y/' });
    expect(line).toBe('cd /d "C:\\rpa\\x y\\" || exit 1 & a & b');
    expect(texts(line)).toEqual(['cd /d "C:\\rpa\\x y\\"', '||exit 1', '&a', '&b']);
  });

  it('does not expand variables in cwd', () => {
    const line = buildCommandLine({ command: ['x.exe'], shell: 'cmd', cwd: 'C:\\50%PATH%\\a&b' });
    expect(texts(line)).toEqual(['cd /d "C:\\50%PATH%\\a&b"', '||exit 1', '&x.exe']);
  });

  it('passes every value to set unchanged', () => {
    fc.assert(
      fc.property(arbitraryArgument({ lineBreaks: false }), (value) => {
        const line = buildCommandLine({ command: ['x.exe', 'a b'], shell: 'cmd', env: { B: value, C: 'd' } });
        expect(texts(line)).toEqual([`set "B=${value}"`, '&set "C=d"', '&x.exe "a b"']);
      }),
      { numRuns: 2000 },
    );
  });

  it('starts a program whose name needs quotes, with and without a prefix', () => {
    const command = ['C:\\Program Files\\x.exe'];
    expect(buildCommandLine({ command, shell: 'cmd' })).toBe('@"C:\\Program Files\\x.exe"');
    expect(buildCommandLine({ command, shell: 'cmd', env: { A: 'b' } })).toBe(
      'set "A=b" & "C:\\Program Files\\x.exe"',
    );
  });

  it('rejects what cmd.exe cannot accept', () => {
    const build = (more: object) => () => buildCommandLine({ command: 'x', shell: 'cmd', ...more });
    expect(build({ cwd: 'C:\\a\nb' })).toThrow(/^option cwd: a string given; text without a line break/);
    expect(build({ cwd: 'C:\\a"b' })).toThrow(/cwd contains a character/);
    for (const cwd of ['\\\\srv\\rpa', '//srv/rpa', '\\\\?\\C:\\rpa']) {
      expect(build({ cwd })).toThrow(/^option cwd: .* given; a folder on a drive .*use shell "powershell"/);
      expect(() => buildCommandLine({ command: 'x', shell: 'powershell', cwd })).not.toThrow();
    }
    expect(build({ env: { A: 'a\nb' } })).toThrow(
      /^option env\.A: a string given; text without a line break/,
    );
    expect(build({ command: ['x.exe', 'a'.repeat(8200)] })).toThrow(RangeError);
    expect(build({ command: ['x.exe', 'a'.repeat(8200)] })).toThrow(
      /8206 characters as one line of cmd\.exe/,
    );
  });
});

describe.each(['powershell', 'pwsh'] as const)('buildCommandLine for %s', (shell) => {
  it('runs an argument array, or a string with cwd, in a new PowerShell process', () => {
    const line = buildCommandLine({ command: ['x.exe', 'a'], shell });
    expect(line).toMatch(
      new RegExp(`^${shell} -NoProfile -NonInteractive .*-EncodedCommand [A-Za-z0-9+/]+=*$`),
    );
    expect(decodeCommand(line)).toMatch(/^\$s='& ''x\.exe'' ''a'''\n/m);
    const inFolder = decodeCommand(
      buildCommandLine({ command: 'dir', shell, cwd: "C:\\it's", env: { A: 'b\u2019', 'P(x86)': '' } }),
    );
    expect(inFolder).toContain(
      ";Set-Location -LiteralPath 'C:\\it''s' -ErrorAction Stop;" +
        `${variable('A')}='b\u2019\u2019';${variable('P(x86)')}='';}\n`,
    );
    expect(inFolder).toMatch(/^\$s='dir'\n/m);
  });

  it('does not change the code pages with utf8: false', () => {
    const code = (utf8: boolean) => decodeCommand(buildCommandLine({ command: ['x.exe'], shell, utf8 }));
    expect(code(true)).toContain('[Console]::OutputEncoding=');
    expect(code(false)).not.toContain('Encoding=');
  });

  it.each([
    [undefined, true],
    ['buffer', true],
    ['utf8', true],
    ['UTF-8', true],
    ['cp949', false],
  ] as const)('sets UTF-8 with the encoding %s: %s', (encoding, isUtf8) => {
    const { line } = resolveExec(
      ['x.exe'],
      { shell, ...(encoding && { encoding }) } as ExecOptions,
      undefined,
    );
    expect(decodeCommand(line).includes('[Console]::OutputEncoding=')).toBe(isUtf8);
  });

  it('rejects a command that is too long for one line', () => {
    expect(() => buildCommandLine({ command: ['x.exe', 'a'.repeat(4000)], shell })).toThrow(RangeError);
  });
});
