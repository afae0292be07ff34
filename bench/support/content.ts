import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

export async function makeFile(path: string, size: number): Promise<void> {
  await writeFile(path, randomBytes(size));
}

/** Creates files of 4 KiB. */
export async function makeFolder(path: string, count: number): Promise<void> {
  await mkdir(path);
  for (let n = 0; n < count; n++) await writeFile(join(path, `file-${n}.bin`), randomBytes(4096));
}

export async function hashOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

export async function hashOfFolder(path: string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of (await readdir(path)).sort()) hash.update(name).update(await readFile(join(path, name)));
  return hash.digest('hex');
}
