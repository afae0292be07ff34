import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench, Part } from '../support/bench.ts';
import { hashOfFile, hashOfFolder, makeFile, makeFolder } from '../support/content.ts';
import { able, inTurn, type Rounds, timedOpening } from '../support/measure.ts';
import { type CaseResult, type CaseSpec, type Contender, ours, type Target } from '../support/types.ts';

type Direction = 'up' | 'down';
type Ability = 'put' | 'get' | 'putFolder' | 'getFolder';

interface Transfer extends Pick<Rounds<Contender>, 'rounds' | 'warmUp' | 'budget' | 'leastRounds'> {
  spec: CaseSpec;
  contenders: readonly Contender[];
  target: Target;
  direction: Direction;
  ability: Ability;
  /** Creates what is to be moved. */
  make(path: string): Promise<void>;
  hash(path: string): Promise<string>;
  value(ms: number): number;
}

/** Connecting is included, as it is in the tools; the result is compared, untimed. */
async function transfer({ server }: Bench, what: Transfer): Promise<CaseResult[]> {
  const { spec, target, ability, ...rounds } = what;
  const [from, to] = what.direction === 'up' ? [server.local, server.remote] : [server.remote, server.local];
  const source = join(from, 'source');
  await what.make(source);
  const wanted = await what.hash(source);
  let turn = 0;
  try {
    return await inTurn({
      ...rounds,
      cases: [spec],
      contenders: able(what.contenders, ability),
      async run(contender) {
        const result = join(to, `result-${turn++}`);
        const move = contender[ability] as NonNullable<Contender[Ability]>;
        const ms = await timedOpening(() => move(target, source, result));
        if ((await what.hash(result)) !== wanted) throw new Error('something is missing or damaged');
        await rm(result, { recursive: true });
        return [what.value(ms)];
      },
    });
  } finally {
    await rm(source, { recursive: true });
  }
}

/** Over a distance, no-delay changes nothing, and node-ssh and ssh2-sftp-client move a file as ssh2 does. */
const farLarge = [ours, 'ssh2 no-delay', 'OpenSSH sftp', 'OpenSSH scp'];
/** Over a distance, paramiko takes minutes for a folder, and the loop would be ours, not its own. */
const notFarSmall = ['paramiko'];

async function largeFile(bench: Bench, rtt: number, direction: Direction): Promise<CaseResult[]> {
  const { sizes, contenders } = bench;
  const mebibytes = sizes.large[rtt] ?? 0;
  const size = mebibytes * 1024 * 1024;
  const ability = direction === 'up' ? 'put' : 'get';
  const name = `${mebibytes} MiB ${direction}, RTT ${rtt} ms`;
  const isNear = rtt === 0;
  return transfer(bench, {
    spec: { id: `${ability}-${rtt}`, group: 'large', name, unit: 'MB/s' },
    contenders: isNear || sizes.all ? contenders : contenders.filter((one) => farLarge.includes(one.name)),
    target: await bench.server.at(rtt),
    direction,
    ability,
    rounds: Math.min(sizes.rounds, isNear ? 5 : 3),
    warmUp: rtt > 100 ? 0 : 1,
    budget: isNear ? 25_000 : 15_000,
    leastRounds: isNear ? 2 : 3,
    make: (path) => makeFile(path, size),
    hash: hashOfFile,
    value: (ms) => size / 1_000 / ms,
  });
}

/** Many files of 4 KiB in one folder. */
async function smallFiles(bench: Bench, rtt: number, direction: Direction): Promise<CaseResult[]> {
  const { sizes, contenders } = bench;
  const count = sizes.small[rtt] ?? 0;
  const id = `${direction === 'up' ? 'put' : 'get'}-small-${rtt}`;
  const name = `${count} files of 4 KiB ${direction}, RTT ${rtt} ms`;
  return transfer(bench, {
    spec: { id, group: 'small', name, unit: 'ms' },
    contenders:
      rtt === 0 || sizes.all ? contenders : contenders.filter((one) => !notFarSmall.includes(one.name)),
    target: await bench.server.at(rtt),
    direction,
    ability: direction === 'up' ? 'putFolder' : 'getFolder',
    rounds: Math.min(sizes.rounds, 5),
    budget: rtt === 0 ? 15_000 : 10_000,
    make: (path) => makeFolder(path, count),
    hash: hashOfFolder,
    value: (ms) => ms,
  });
}

const ways = [
  ['put', 'up'],
  ['get', 'down'],
] as const;

export const files: Part[] = [
  ...[0, 50, 200].flatMap((rtt) =>
    ways.map(
      ([verb, direction]): Part => ({
        group: 'large',
        name: `${verb}-${rtt}`,
        run: (bench) => largeFile(bench, rtt, direction),
      }),
    ),
  ),
  ...[0, 50].flatMap((rtt) =>
    ways.map(
      ([verb, direction]): Part => ({
        group: 'small',
        name: `${verb}-small-${rtt}`,
        run: (bench) => smallFiles(bench, rtt, direction),
      }),
    ),
  ),
];
