import { expect, it } from 'vitest';
import { checkWindows } from '../../src/cli/doctor/checks/windows.ts';
import { Visit } from '../../src/cli/doctor/visit.ts';
import { english } from '../../src/cli/doctor/words/english.ts';
import { korean } from '../../src/cli/doctor/words/korean.ts';

/** What the doctor makes of a PC that says this. */
async function findingOf(stdout: string, stderr = '', words = english) {
  const said = { stdout, stderr, exitCode: 0 };
  const serverVersion = 'SSH-2.0-OpenSSH_for_Windows_9.5';
  const connection = { serverVersion, powershell: async () => said } as never;
  const options = { host: 'pc', username: 'rpa', password: 'x' };
  return checkWindows(
    connection,
    new Visit(options, { words, signal: AbortSignal.timeout(30_000), mayTakeLonger: false }),
  );
}

const honest = {
  mode: 'FullLanguage',
  powershell: '5.1.19041.4291',
  elevated: 'no',
  wmi: 'yes',
  shell: 'C:\\Program Files\\한글\\pwsh.exe',
  longpaths: '1',
  free: '250000000000',
  start: 'Automatic',
  sleep: '0',
};
const lines = (facts: object) =>
  Object.entries(facts)
    .map(([name, value]) => `${name}=${value}\r\n`)
    .join('');

it("reads the script's output about the PC, among other output of a login", async () => {
  const noise = '\ufeff경고: 이 시스템은 모니터링됩니다.\r\n\x1b]0;title\x07\r\n';
  const finding = await findingOf(`${noise}${lines(honest)}${noise}`, '#< CLIXML\r\n<Objs/>');
  expect(finding).toMatchObject({ verdict: 'ok', facts: honest });
  expect(await findingOf(lines(honest), '', korean)).toMatchObject({ verdict: 'ok', facts: honest });
});

it.each([
  ['mode', 'Full\x1b[2J'],
  ['mode', 'x'.repeat(41)],
  ['powershell', 'seven'],
  ['powershell', '5.1\x1b]0;x\x07'],
  ['elevated', 'maybe'],
  ['wmi', '<b>'],
  ['longpaths', '2'],
  ['free', '-1'],
  ['free', 'Infinity'],
  ['free', '1e400'],
  ['free', '9'.repeat(400)],
  ['start', 'Auto matic; rm'],
  ['sleep', 'NaN'],
  ['sleep', '0x7fffffffffffffff'],
  ['shell', 'x'.repeat(10_000)],
  ['__proto__', '{}'],
  ['constructor', 'x'],
  ['unknown', 'x'],
])('ignores %s=%j, which no PC reports', async (name, value) => {
  const { [name as 'mode']: _, ...rest } = honest;
  const finding = await findingOf(
    lines({ ...rest, [name]: value }) + (name === '__proto__' ? `${name}=${value}\n` : ''),
  );
  expect(finding.facts).toEqual(rest);
  expect(JSON.stringify(finding)).not.toMatch(/NaN|Infinity|undefined/);
});

it('shows no control characters', async () => {
  const finding = await findingOf(lines({ ...honest, shell: '\x1b[31mC:\\\u202eexe.cmd\x9b2J' }));
  expect(finding.facts?.['shell']).toBe('\\x1b[31mC:\\\\u202eexe.cmd\\x9b2J');
  expect(finding.says).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]/);
});

it('recognizes a policy by its name only, however long the output', async () => {
  const said = (mode: string) =>
    `PowerShell is in ${mode} mode here: a policy forbids scripts like this one.`;
  expect(await findingOf('', said('ConstrainedLanguage'))).toMatchObject({
    verdict: 'warn',
    facts: { mode: 'ConstrainedLanguage' },
  });
  expect((await findingOf('', said('x'.repeat(5_000)))).facts).toBeUndefined();
});
