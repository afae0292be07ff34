import type { MockWindowsVersion } from '../../../src/mock-server/index.ts';
import { windows } from './pcs.ts';
import { at, type Situation } from './situation.ts';

const well = {
  ...{ mode: 'FullLanguage', powershell: '5.1.19041.1', elevated: 'yes', wmi: 'yes', longpaths: '1' },
  ...{ free: '90000000000', start: 'Automatic', sleep: '0' },
};

function pcThat(facts: Record<string, string>, version: MockWindowsVersion = '9.5'): Situation['open'] {
  const told = Object.entries({ ...well, ...facts }).map(([name, value]) => `${name}=${value}\r\n`);
  return at({ windows: { version }, exec: windows('Active code page: 949\r\n', told.join('')) });
}

const warns = { step: 'windows', verdict: 'warn', exitCode: 0 } as const;

export const windowsPcs: Situation[] = [
  {
    what: 'a Windows PC that is well',
    step: 'windows',
    verdict: 'ok',
    exitCode: 0,
    says: /administrator.*5\.1.*long paths.*90\.0 GB free/,
    open: pcThat({}),
  },
  { what: 'OpenSSH 8.1 for Windows', ...warns, todo: /older than 8\.6/, open: pcThat({}, '8.1') },
  { what: 'OpenSSH 8.6 for Windows', step: 'windows', verdict: 'ok', exitCode: 0, open: pcThat({}, '8.6') },
  {
    what: 'a PC that sleeps',
    ...warns,
    todo: /after 30 min, and leaves a zombie.*standby-timeout-ac 0/,
    open: pcThat({ sleep: '1800' }),
  },
  {
    what: 'sshd that is started by hand',
    ...warns,
    todo: /-StartupType Automatic/,
    open: pcThat({ start: 'Manual' }),
  },
  {
    what: 'a standard account without WMI',
    ...warns,
    says: /standard account/,
    todo: /may not use WMI/,
    open: pcThat({ elevated: 'no', wmi: 'no' }),
  },
  { what: 'a WMI that is broken', ...warns, todo: /Winmgmt/, open: pcThat({ wmi: 'no' }) },
  {
    what: 'a restricted PowerShell',
    ...warns,
    todo: /AppLocker/,
    open: pcThat({ mode: 'ConstrainedLanguage' }),
  },
  { what: 'an old PowerShell', ...warns, todo: /older than 5\.1/, open: pcThat({ powershell: '4.0' }) },
  {
    what: 'a Windows disk with little room',
    ...warns,
    todo: /make room/,
    open: pcThat({ free: '500000000' }),
  },
  {
    what: 'another default shell',
    step: 'windows',
    verdict: 'ok',
    exitCode: 0,
    says: /DefaultShell C:.*pwsh/,
    open: pcThat({ shell: 'C:\\pwsh.exe' }),
  },
  {
    what: 'a PowerShell without an answer',
    ...warns,
    says: /no answer/,
    todo: /virus scanner/,
    open: at({ windows: true, exec: windows('Active code page: 949\r\n') }),
  },
];
