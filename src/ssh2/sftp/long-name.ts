const typeBits: Readonly<Record<string, number>> = { d: 0o040000, l: 0o120000, '-': 0o100000 };
const typeMask = 0o170000;

/** A line as `ls -l` prints it; other text means nothing, whatever its first letter. */
const asOfLs = /^([dl-])((?:[r-][w-][xsStT-]){3})[.+@]?\s/;

/** The mode of a listed name, with the file type taken from `longname`, the line for people, if only that gives it. */
export function listedMode(mode: number | undefined, longName: Buffer): number | undefined {
  if (mode !== undefined && (mode & typeMask) !== 0) return mode;
  const [, type = '', letters = ''] = asOfLs.exec(longName.toString('latin1', 0, 16)) ?? [];
  const bits = typeBits[type];
  return bits === undefined ? mode : bits | (mode ?? permissionsOf(letters));
}

function permissionsOf(letters: string): number {
  return [...letters].reduce((bits, letter) => bits * 2 + (/[-ST]/.test(letter) ? 0 : 1), 0);
}
