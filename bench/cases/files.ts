import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { able } from '../contenders/index.ts';
import { inTurn, timed } from '../support/measure.ts';
import type { BenchServer } from '../support/server.ts';
import type { Measurement } from '../support/types.ts';

type Direction = 'up' | 'down';

/** One large file; connect and login included, as they are in the tools. */
export async function largeFile(
  server: BenchServer,
  rtt: number,
  direction: Direction,
): Promise<Measurement[]> {
  const target = await server.at(rtt);
  const size = (rtt === 0 ? 256 : rtt === 50 ? 128 : 64) * 1024 * 1024;
  const [from, to] = folders(server, direction);
  const source = join(from, 'large.bin');
  await writeFile(source, randomBytes(size));
  const wanted = await hashOf(source);
  let turn = 0;
  const measurements = await inTurn({
    name: `${size >> 20} MiB ${direction}, RTT ${rtt}`,
    unit: 'MB/s',
    contenders: able(direction === 'up' ? 'put' : 'get'),
    rounds: 3,
    run: async (contender) => {
      const result = join(to, `large-${turn++}.bin`);
      const ms = await timed(async () =>
        direction === 'up'
          ? contender.put?.(target, source, result)
          : contender.get?.(target, source, result),
      );
      if ((await hashOf(result)) !== wanted) throw new Error(`${contender.name} damaged the file`);
      await rm(result);
      return size / 1_000 / ms;
    },
  });
  await rm(source);
  return measurements;
}

/** Many files of 4 KiB in one folder. */
export async function smallFiles(
  server: BenchServer,
  rtt: number,
  direction: Direction,
  count: number,
): Promise<Measurement[]> {
  const target = await server.at(rtt);
  const [from, to] = folders(server, direction);
  const source = join(from, 'small');
  await mkdir(source);
  for (let n = 0; n < count; n++) await writeFile(join(source, `file-${n}.bin`), randomBytes(4096));
  let turn = 0;
  const measurements = await inTurn({
    name: `${count} files of 4 KiB ${direction}, RTT ${rtt}`,
    unit: 'ms',
    contenders: able(direction === 'up' ? 'putFolder' : 'getFolder'),
    rounds: rtt === 0 ? 3 : 1,
    run: async (contender) => {
      const result = join(to, `small-${turn++}`);
      const ms = await timed(async () =>
        direction === 'up'
          ? contender.putFolder?.(target, source, result)
          : contender.getFolder?.(target, source, result),
      );
      const arrived = await readdir(result);
      if (arrived.length !== count)
        throw new Error(`${contender.name} moved ${arrived.length} of ${count} files`);
      await rm(result, { recursive: true });
      return ms;
    },
  });
  await rm(source, { recursive: true });
  return measurements;
}

function folders({ local, remote }: BenchServer, direction: Direction): [from: string, to: string] {
  return direction === 'up' ? [local, remote] : [remote, local];
}

async function hashOf(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

/** The server's user must be able to read what root wrote, and root what the user wrote. */
export async function openFolders({ local, remote }: BenchServer): Promise<void> {
  await chmod(local, 0o755);
  await chmod(remote, 0o777);
}
