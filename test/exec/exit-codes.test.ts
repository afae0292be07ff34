import { expect, it } from 'vitest';
import type { CommandFailed } from '../../src/errors/index.ts';
import { exec } from '../../src/exec/exec.ts';
import { exitHint, shownExitCode } from '../../src/exec/exit-codes.ts';
import type { BufferExecOptions } from '../../src/exec/types.ts';
import { failureOf, startMock } from './mock.ts';

it.each([
  [3, '3', undefined],
  [127, '127', /did not find the command/],
  [128, '128', undefined],
  [129, '129', /SIGHUP ended the program; a program may also exit/],
  [137, '137', /SIGKILL, for instance because the memory was used up, ended/],
  [143, '143', /SIGTERM/],
  [160, '160', undefined],
  [9009, '9009', /cmd\.exe did not find/],
  [0xc0000005, '3221225477 (0xC0000005, STATUS_ACCESS_VIOLATION)', /crashed/],
  [-1073741819, '-1073741819 (0xC0000005, STATUS_ACCESS_VIOLATION)', /crashed/],
  [0xc000013a, '3221225786 (0xC000013A, STATUS_CONTROL_C_EXIT)', /Ctrl\+C/],
  [0xc0000142, '3221225794 (0xC0000142, STATUS_DLL_INIT_FAILED)', /no desktop/],
  [0x40010004, '1073807364 (0x40010004, DBG_TERMINATE_PROCESS)', /logoff/],
  [0xe0434352, '3762504530 (0xE0434352, .NET exception)', /uncaught exception/],
  [0xffffffff, '4294967295 (0xFFFFFFFF, -1)', undefined],
  [0xfffffffe, '4294967294 (0xFFFFFFFE, -2)', undefined],
  [-1, '-1 (0xFFFFFFFF)', undefined],
  [0x40000000, '1073741824 (0x40000000)', undefined],
])('%i is shown as %s', (code, shown, hint) => {
  expect(shownExitCode(code)).toBe(shown);
  if (hint) expect(exitHint(code)).toMatch(hint);
  else expect(exitHint(code)).toBeUndefined();
});

it('names a crash on the PC in the message; exitCode keeps all 32 bits', async () => {
  await using mock = await startMock({ windows: true, exec: { 'robot.exe': { exitCode: 0xc0000005 } } });
  const error = await failureOf(exec(mock.opener, 'robot.exe'));
  expect(error).toMatchObject({ exitCode: 0xc0000005, hint: expect.stringContaining('crashed') });
  expect(String(error)).toContain('exited with code 3221225477 (0xC0000005, STATUS_ACCESS_VIOLATION)');
});

it.each(['utf8', 'buffer'] as const)('explains that the login shell is nologin: %s', async (encoding) => {
  const stdout = 'This account is currently not available.\n';
  await using mock = await startMock(() => ({ stdout, exitCode: 1 }));
  const failed = await failureOf<CommandFailed>(
    exec(mock.opener, 'hostname', { encoding } as BufferExecOptions),
  );
  expect(failed.hint).toMatch(/was not run: the login shell of this account is nologin/);
  await using other = await startMock(() => ({ stdout: `It said: ${stdout}`, exitCode: 1 }));
  expect((await failureOf<CommandFailed>(exec(other.opener, 'hostname', {}))).hint).toBeUndefined();
});
