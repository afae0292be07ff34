import { describe, expect, it } from 'vitest';
import type { HostCommand } from '../../src/job/host/commands.ts';
import { windowsCommands } from '../../src/job/windows/index.ts';
import { decodeCommand } from '../support/decode-powershell.ts';
import { readVariables } from '../support/fake-windows-jobs.ts';
import { syntaxErrors } from '../support/powershell-syntax.ts';

/*
 * What can be checked without a PowerShell: that the scripts have no syntax errors, that values arrive in them as they
 * were, and that they are safe on a command line. test/powershell runs them.
 */
const commands = windowsCommands();
const request = { id: 'job', line: 'echo 1', fingerprint: 'f'.repeat(32), interactive: undefined };
const all: [string, () => HostCommand<unknown>][] = [
  ['start', () => commands.start(request)],
  ['look', () => commands.look('job', { stdout: 0, stderr: 7 })],
  ['watch', () => commands.watch!('job', { stdout: 0, stderr: 7 }, 10_000)],
  ['kill', () => commands.kill('job', 5_000)],
  ['remove', () => commands.remove('job')],
  ['list', () => commands.list()],
];

/** The code that PowerShell is given to begin with, and the script where it comes through stdin. */
function codeOf({ line, stdin }: HostCommand<unknown>): string[] {
  const sent = stdin === undefined ? [] : [Buffer.from(stdin, 'base64').toString('utf8')];
  return [decodeCommand(line), ...sent];
}

describe('the scripts for Windows', () => {
  it.each(all)('have no syntax errors: %s', async (_, make) => {
    for (const code of codeOf(make())) expect(await syntaxErrors(code)).toEqual([]);
  });

  it('have none in the scripts that they pass on either', async () => {
    const { functions = '', wrapper = '' } = readVariables(codeOf(commands.start(request)).at(-1)!);
    expect(functions).toContain('function Set-Claim');
    expect(await syntaxErrors(functions)).toEqual([]);
    expect(await syntaxErrors(`${functions}\n${wrapper}`)).toEqual([]);
  });

  it('would be detected if they had any', async () => {
    const code = codeOf(commands.kill('job', 1)).at(-1)!;
    expect(await syntaxErrors(code.replace('try{', 'try'))).not.toEqual([]);
    expect(await syntaxErrors(`${code}'`)).not.toEqual([]);
  });

  it.each(all)('fit on a command line of cmd.exe, in characters that no shell interprets: %s', (_, make) => {
    const { line } = make();
    expect(line.length).toBeLessThan(8_000);
    expect(line).toMatch(/^powershell [A-Za-z0-9 =/+-]+$/);
  });

  it.each([
    'C:\\rpa\\run.cmd "a b" & echo %PATH%',
    "it's ‘typographic’ ‚quotes‛",
    '$(Remove-Item x); `$env:A "$x"',
    '한글 日本語 😀',
    "'",
    "''';exit 3;'",
  ])('pass on a command unchanged: %s', (line) => {
    const script = codeOf(commands.start({ ...request, line })).at(-1)!;
    const values = readVariables(script);
    expect(values['command']).toBe(line);
    expect(Object.keys(values)).toEqual([
      ...[
        'action',
        'dir',
        'id',
        'command',
        'fingerprint',
        'task',
        'runLevel',
        'timeLimit',
        'functions',
        'wrapper',
        'detached',
        'snapshot',
        'nonce',
        'mark',
      ],
    ]);
  });

  it('name a task only for jobs on the desktop', () => {
    const task = (interactive: object | undefined) =>
      readVariables(codeOf(commands.start({ ...request, interactive })).at(-1)!)['task'];
    expect(task(undefined)).toBe('');
    expect(task({})).toBe('ssh-via-gateway job job');
  });
});
