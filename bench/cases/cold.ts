import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench, Part } from '../support/bench.ts';
import { movedCold } from '../support/cold.ts';
import { hashOfFile, hashOfFolder, makeFile, makeFolder } from '../support/content.ts';
import { able, inTurn } from '../support/measure.ts';
import { roundTrips } from '../support/round-trips.ts';
import { type CaseResult, type CaseSpec, coldRtts, coldSizes, type FileSession } from '../support/types.ts';

const group = 'cold' as const;
type Direction = 'put' | 'get';

interface Move {
  spec: CaseSpec;
  rtt: number;
  direction: Direction;
  verb: keyof Omit<FileSession, 'close'>;
  rounds: number;
  without?: readonly string[];
  make(path: string): Promise<void>;
  hash(path: string): Promise<string>;
  value(ms: number): number;
}

/** Each transfer runs in a process of its own, which has connected before; the result is compared, untimed. */
async function move({ server, contenders, sizes }: Bench, what: Move): Promise<CaseResult> {
  const [from, to] = what.direction === 'put' ? [server.local, server.remote] : [server.remote, server.local];
  const source = join(from, 'cold-source');
  await what.make(source);
  const wanted = await what.hash(source);
  const target = await server.at(what.rtt);
  let turn = 0;
  try {
    const [result] = await inTurn({
      cases: [what.spec],
      contenders: able(contenders, 'openFiles').filter(({ name }) => !what.without?.includes(name)),
      rounds: Math.min(sizes.rounds, what.rounds),
      warmUp: 0,
      budget: 20_000,
      leastRounds: 2,
      async run(contender) {
        const result = join(to, `cold-${turn++}`);
        const ms = await movedCold(contender, { verb: what.verb, from: source, to: result }, target);
        if ((await what.hash(result)) !== wanted) throw new Error('something is missing or damaged');
        await rm(result, { recursive: true });
        return [what.value(ms)];
      },
    });
    return result as CaseResult;
  } finally {
    await rm(source, { recursive: true });
  }
}

const wayOf = (direction: Direction) => (direction === 'put' ? 'up' : 'down');
const sizeText = (mebibytes: number) => (mebibytes < 1 ? `${mebibytes * 1024} KiB` : `${mebibytes} MiB`);

/** It opens SFTP while connecting: three round trips that all others have within the measured time. */
const opensSftpBefore = ['ssh2-sftp-client'];

/** A file of one size at each round trip time, and how many round trips it takes. */
async function middleFile(bench: Bench, direction: Direction, mebibytes: number): Promise<CaseResult[]> {
  const id = `cold-${direction}-${mebibytes}`;
  const what = `${sizeText(mebibytes)} ${wayOf(direction)}`;
  const timed: CaseResult[] = [];
  for (const rtt of coldRtts) {
    const spec: CaseSpec = { id: `${id}-${rtt}`, group, name: `${what}, RTT ${rtt} ms`, unit: 'ms' };
    const make = (path: string) => makeFile(path, mebibytes * 2 ** 20);
    const value = (ms: number) => ms;
    const rounds = rtt === 0 ? 7 : 3;
    const without = opensSftpBefore;
    timed.push(
      await move(bench, {
        spec,
        rtt,
        direction,
        verb: direction,
        rounds,
        without,
        make,
        hash: hashOfFile,
        value,
      }),
    );
  }
  const [, near, far] = timed as [CaseResult, CaseResult, CaseResult];
  const trips = roundTrips(near, far, coldRtts[2] - coldRtts[1]);
  return [...timed, { ...trips, id: `${id}-trips`, name: what }];
}

async function largeFile(bench: Bench, direction: Direction): Promise<CaseResult[]> {
  const mebibytes = 2 * (bench.sizes.large[0] ?? 0);
  const name = `${mebibytes} MiB ${wayOf(direction)}, RTT 0 ms`;
  const spec: CaseSpec = { id: `cold-${direction}-large`, group, name, unit: 'MB/s' };
  const size = mebibytes * 2 ** 20;
  const make = (path: string) => makeFile(path, size);
  const value = (ms: number) => size / 1_000 / ms;
  return [
    await move(bench, { spec, rtt: 0, direction, verb: direction, rounds: 5, make, hash: hashOfFile, value }),
  ];
}

async function smallFiles(bench: Bench, direction: Direction): Promise<CaseResult[]> {
  const count = bench.sizes.small[0] ?? 0;
  const name = `${count} files of 4 KiB ${wayOf(direction)}, RTT 0 ms`;
  const spec: CaseSpec = { id: `cold-${direction}-small`, group, name, unit: 'per s' };
  const make = (path: string) => makeFolder(path, count);
  const value = (ms: number) => (count * 1_000) / ms;
  const verb = `${direction}Folder` as const;
  return [await move(bench, { spec, rtt: 0, direction, verb, rounds: 5, make, hash: hashOfFolder, value })];
}

export const cold: Part[] = (['put', 'get'] as const).flatMap((direction) => [
  ...coldSizes.map(
    (size): Part => ({
      group,
      name: `cold-${direction}-${size}`,
      run: (bench) => middleFile(bench, direction, size),
    }),
  ),
  { group, name: `cold-${direction}-large`, run: (bench) => largeFile(bench, direction) },
  { group, name: `cold-${direction}-small`, run: (bench) => smallFiles(bench, direction) },
]);
