import { type Attributes, modeType } from './files/filesystem.ts';

const letters = ['---', '--x', '-w-', '-wx', 'r--', 'r-x', 'rw-', 'rwx'];

/** The line of `ls -l` that SFTP sends with every name of a listing. */
export function longName(
  name: string | Buffer,
  { mode = 0, size = 0, uid = 0, gid = 0, mtime = 0 }: Attributes,
): string {
  const kind = { [modeType.directory]: 'd', [modeType.link]: 'l' }[mode & modeType.mask] ?? '-';
  const rights = [6, 3, 0].map((shift) => letters[(mode >> shift) & 7]).join('');
  const columns = [
    `${kind}${rights}`,
    '   1',
    String(uid).padEnd(8),
    String(gid).padEnd(8),
    String(size).padStart(8),
  ];
  return `${columns.join(' ')} ${shortDate(mtime)} ${name}`;
}

/** `Nov  4 08:15` */
function shortDate(seconds: number): string {
  const [, day = '', month = '', , time = ''] = new Date(seconds * 1000).toUTCString().split(' ');
  return `${month} ${String(Number(day)).padStart(2)} ${time.slice(0, 5)}`;
}
