import type { Faults } from '../../../src/mock-server/index.ts';
import { faulty, type Pc, pc, windows } from './pcs.ts';
import { at, type Situation } from './situation.ts';

const short = ['--total-timeout', '9s'];
const noWrite: Faults = { sftp: { failOp: { op: 'WRITE', status: 4 } } };
const touch = (said: string): Pc => ({ answers: { 'env LC_ALL=C touch': `touch: cannot touch: ${said}\n` } });
const df = (line: string): Pc => ({
  answers: { df: `Filesystem 1024-blocks Used Available Capacity Mounted on\n${line}\n` },
});
const disk = { step: 'disk', exitCode: 22 } as const;
const disks: Situation[] = [
  {
    what: 'a full disk',
    ...disk,
    kind: 'disk-full',
    todo: /df -h/,
    open: pc(df('/dev/sda1 1000 1000 0 100% /'), { faults: noWrite }),
  },
  {
    what: 'a full disk, and no SFTP',
    step: 'disk',
    exitCode: 17,
    kind: 'disk-full',
    todo: /Make room/,
    open: pc(df('/dev/sda1 1000 1000 0 100% /'), { sftp: false }),
  },
  {
    what: 'a read-only disk',
    ...disk,
    kind: 'disk-readOnly',
    todo: /fsck/,
    open: pc(touch('Read-only file system'), { faults: noWrite }),
  },
  {
    what: 'a quota that is used up',
    ...disk,
    kind: 'disk-quota',
    todo: /quota/,
    open: pc(touch('Disk quota exceeded'), { faults: noWrite }),
  },
  {
    what: 'a home that is not writable',
    step: 'disk',
    verdict: 'warn',
    exitCode: 0,
    kind: 'disk-denied',
    todo: /owner and mode.*starts in \//,
    open: pc({}, { faults: { sftp: { failOp: { op: 'OPEN', status: 3 } } } }),
  },
  {
    what: 'a file that cannot be written, nobody knows why',
    ...disk,
    kind: 'disk-failed',
    todo: /full or read-only/,
    open: pc({}, { faults: noWrite }),
  },
  {
    what: 'a write that hangs',
    ...disk,
    kind: 'disk-silent',
    says: /the server did not answer/,
    todo: /hangs, or the line broke/,
    open: pc({}, { faults: { sftp: { hangOp: { op: 'WRITE' } } } }, ...short),
  },
  {
    what: 'a disk that is nearly full',
    step: 'disk',
    verdict: 'warn',
    exitCode: 0,
    kind: 'disk-nearly-full',
    todo: /Make room/,
    open: pc(df('/dev/sda1 1000000 990000 10000 99% /')),
  },
  {
    what: 'a disk with room',
    step: 'disk',
    verdict: 'ok',
    exitCode: 0,
    says: /92\.2 GB free|92 GB free/,
    open: pc({}),
  },
  {
    what: 'a PC without df',
    step: 'disk',
    verdict: 'ok',
    exitCode: 0,
    says: /written and removed/,
    open: pc({ answers: { df: '' } }),
  },
];

const others: Situation[] = [
  {
    what: 'one session at a time',
    step: 'maxSessions',
    verdict: 'warn',
    exitCode: 0,
    todo: /MaxSessions 10/,
    open: pc({}, { maxSessions: 1 }),
  },
  {
    what: 'no answer to keepalives',
    step: 'keepalive',
    exitCode: 19,
    todo: /--keepalive none/,
    open: faulty({ keepalive: 'ignore' }),
  },
  {
    what: 'a clock that is an hour ahead',
    step: 'clock',
    verdict: 'warn',
    exitCode: 0,
    says: /ahead/,
    todo: /w32tm/,
    open: pc({ clock: 3_600_000 }),
  },
  {
    what: 'a clock that is a day behind',
    step: 'clock',
    verdict: 'warn',
    exitCode: 0,
    says: /behind/,
    todo: /Kerberos/,
    open: pc({ clock: -86_400_000 }),
  },
  {
    what: 'a clock that is 20 seconds ahead',
    step: 'clock',
    verdict: 'ok',
    exitCode: 0,
    says: /s ahead/,
    open: pc({ clock: 20_000 }),
  },
  {
    what: 'a clock that cannot be read',
    step: 'clock',
    verdict: 'warn',
    exitCode: 0,
    says: /could not be read/,
    open: pc({ answers: { date: 'what?\n' } }),
  },
  {
    what: 'an unidentified shell',
    step: 'shell',
    verdict: 'warn',
    exitCode: 0,
    todo: /shell option/,
    open: pc({ answers: { echo: 'ssh-via-gateway-doctor\n' } }),
  },
  {
    what: 'a Korean Windows PC',
    step: 'shell',
    verdict: 'ok',
    exitCode: 0,
    says: /cp949/,
    open: at({ windows: { codePage: 949 }, exec: windows('활성 코드 페이지: 949\r\n') }),
  },
  {
    what: 'a Windows PC with UTF-8',
    step: 'shell',
    verdict: 'ok',
    exitCode: 0,
    says: /output is UTF-8/,
    open: at({ windows: true, exec: windows('Active code page: 65001\r\n') }),
  },
  {
    what: 'a Windows PC whose code page cannot be told',
    step: 'shell',
    verdict: 'warn',
    exitCode: 0,
    says: /could not be determined/,
    open: at({ windows: true, exec: windows('?') }),
  },
];

export const machines: Situation[] = [...disks, ...others];
