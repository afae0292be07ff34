import { describe, expect, it } from 'vitest';
import { hintFor } from '../../src/job/host/hints.ts';

describe('the hint for a job that the server cannot start', () => {
  it.each([
    [
      'PowerShell is in ConstrainedLanguage mode here: a policy forbids scripts like this one.',
      /FullLanguage/,
    ],
    ["'powershell' is not recognized as an internal or external command,", /PowerShell 5\.1/],
    ["'powershell'은(는) 내부 또는 외부 명령, 실행할 수 있는 프로그램이 아닙니다.", /PowerShell 5\.1/],
    ['sh: 1: powershell: not found', /PowerShell 5\.1/],
    ['through WMI: Win32_Process.Create returned 2 (0x80131501 OperationStopped)', /d1e49aac/],
    ['through WMI: 액세스가 거부되었습니다. (0x80338104 PermissionDenied)', /administrator/],
    ['through WMI: Access denied (0x80070005 NotSpecified)', /administrator/],
    [
      'by schtasks.exe: schtasks.exe ended with 1: 오류: 액세스가 거부되었습니다. (0x80131501 OperationStopped)',
      /runLevel/,
    ],
    ['by schtasks.exe: blocked\nby group policy. (0x80131501 ResourceUnavailable)', /AppLocker/],
    ['an interactive job needs rpa to be logged on at the desktop', /locked screen/],
    ['There is not enough space on the disk. (0x80070070 OperationStopped)', /Free some space/],
    ['its folder is in use: a file in it is open in another program (액세스)', /try again later/],
    ['the disk is full: dd: error writing', /Free some space/],
  ])('names the cause: %s', (reason, hint) => {
    expect(hintFor(reason)).toMatch(hint);
  });

  it.each(['Permission denied', 'through WMI: Win32_Process.Create returned 21', 'not powershell'])(
    'is not given for other causes: %s',
    (reason) => expect(hintFor(reason)).toBeUndefined(),
  );
});
