import type { BigIntStats } from 'node:fs';

/**
 * Milliseconds for which a file must have been left alone: two writes in one tick of the file system's clock (2 s on
 * FAT) look alike.
 */
const restedFor = 5_000;
const mostFiles = 8;
const largest = 16 * 1024 * 1024;

interface Reading<T> {
  readonly file: T;
  readonly state: string;
}

/**
 * The last readings of a few files, to be used again as long as the files have not changed. A file that has just been
 * written, is no regular one or is a giant is not kept.
 */
export class Unchanged<T extends { readonly path: string }> {
  /** By path, the latest last. */
  readonly #readings = new Map<string, Reading<T>>();

  /** What was read from this path, if the file is still the same. */
  get(path: string, stats: BigIntStats): T | undefined {
    const reading = this.#readings.get(path);
    return reading?.state === stateOf(stats) ? reading.file : undefined;
  }

  /** Keeps what was read. `stats` are from before the reading, so that a write during it shows. */
  keep(file: T, stats: BigIntStats): void {
    this.#readings.delete(file.path);
    if (!stats.isFile() || stats.size > largest || !hasRested(stats)) return;
    this.#readings.set(file.path, { file, state: stateOf(stats) });
    const [oldest] = this.#readings.keys();
    if (this.#readings.size > mostFiles && oldest !== undefined) this.#readings.delete(oldest);
  }
}

function hasRested({ mtimeMs, ctimeMs }: BigIntStats): boolean {
  const changed = Number(mtimeMs > ctimeMs ? mtimeMs : ctimeMs);
  return Date.now() - changed > restedFor;
}

/** `ctime` cannot be set back, as `mtime` can. */
function stateOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}
