import { splitLast, splitPath } from '../sftp/files/paths.ts';

const device = /^(con|prn|aux|nul|com[1-9]|lpt[1-9])(\..*)?$/i;

/** Whether a path leads to a device: what is written there is silently discarded. */
export function isDevice(path: string): boolean {
  return device.test(splitLast(path).name);
}

/** `name:stream`: data beside that of the file, which no listing shows. A drive is not a stream. */
export function streamOf(path: string): { file: string; stream: string } | undefined {
  const parts = splitPath(path);
  const [name = '', stream] = (parts.at(-1) ?? '').split(':');
  if (parts.length < 2 || stream === undefined) return undefined;
  return { file: `/${[...parts.slice(0, -1), name].join('/')}`, stream };
}

/** The length that MAX_PATH counts: `C:\...`, in UTF-16 code units. */
export function pathLength(path: string): number {
  return /^\/[A-Za-z]:/.test(path) ? path.length - 1 : path.length;
}
