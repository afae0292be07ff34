import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/connection.ts';
import { startWindowsPc, type WindowsPc } from './support/pc.ts';

let pc: WindowsPc;
let connection: Connection;
beforeAll(async () => {
  pc = await startWindowsPc();
  connection = await pc.connect();
});
afterAll(async () => {
  await connection?.close();
  await pc?.[Symbol.asyncDispose]();
});

/** The same script in the command itself, and so long that it goes through stdin. */
const forms = [
  ['in the command', (script: string) => script],
  ['through stdin', (script: string) => `${script}\n${'# long\n'.repeat(2_000)}`],
] as const;

describe.each(forms)('a script %s', (_, form) => {
  const run = (script: string, options: object = {}) =>
    connection.powershell(form(script), { reject: false, ...options });

  it('gives its output, and the code of exit', async () => {
    const { stdout, stderr, exitCode } = await run("Write-Output '안녕 it''s'; exit 37");
    expect([stdout.trim(), stderr, exitCode]).toEqual(["안녕 it's", '', 37]);
  });

  it('ends with 1 and the message when an error is not caught', async () => {
    const { stderr, exitCode } = await run(
      "Write-Output 'before'; throw 'broken: 한글'; Write-Output 'after'",
    );
    expect(exitCode).toBe(1);
    expect(stderr).toContain('broken: 한글');
    expect(stderr).not.toContain('CLIXML');
  });

  it('ends with 1 for a syntax error and a command that is not there', async () => {
    const [syntax, unknown] = await Promise.all([run('if (1) {'), run('Get-Nothing-Like-This; exit 0')]);
    expect([syntax.exitCode, unknown.exitCode]).toEqual([1, 1]);
    expect(syntax.stderr).toContain('}');
    expect(unknown.stderr).toContain('Get-Nothing-Like-This');
  });

  it("ends with the last program's code, which is no error", async () => {
    const { stdout, exitCode } = await run("sh -c 'exit 5'; Write-Output $LASTEXITCODE");
    expect([stdout.trim(), exitCode]).toEqual(['5', 5]);
  });

  it('takes param, using and its own stdin', async () => {
    const script =
      'using namespace System.Text\nparam($a = 3)\n[Encoding]::UTF8.WebName + $a + [Console]::In.ReadLine()';
    const { stdout, stderr } = await run(script, { stdin: '입력\n' });
    expect([stdout.trim(), stderr]).toEqual(['utf-83입력', '']);
  });

  it('runs in the folder and with the variables that it is given', async () => {
    const script = "(Get-Location).Path + ' ' + $env:MODE";
    const { stdout } = await run(script, { cwd: '/tmp', env: { MODE: "it's ‘x’" } });
    expect(stdout.trim()).toBe("/tmp it's ‘x’");
    const missing = await run('exit 0', { cwd: '/not/there' });
    expect(missing.exitCode).toBe(1);
  });
});

it('takes a script of a megabyte', async () => {
  const line = `$sum += '한글 ${'x'.repeat(80)}'.Length\n`;
  const count = Math.ceil(1_000_000 / Buffer.byteLength(line));
  const { stdout } = await connection.powershell(`$sum = 0\n${line.repeat(count)}$sum`);
  expect(Number(stdout)).toBe(count * 83);
});

it('leaves the code page alone when told so', async () => {
  const script = '[byte[]]$b = 0xc7,0xd1,0xb1,0xdb; $o = [Console]::OpenStandardOutput(); $o.Write($b, 0, 4)';
  const { stdout } = await connection.powershell(script, { encoding: 'cp949' });
  expect(stdout).toBe('한글');
});
