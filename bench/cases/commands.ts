import { able } from '../contenders/index.ts';
import { inTurn, timed } from '../support/measure.ts';
import type { BenchServer } from '../support/server.ts';
import type { Contender, Measurement } from '../support/types.ts';

/** Connect, login, one command, its end. */
export async function connectAndRun(server: BenchServer, rtt: number): Promise<Measurement[]> {
  const target = await server.at(rtt);
  return inTurn({
    name: `connect + first command, RTT ${rtt}`,
    unit: 'ms',
    contenders: able('connectAndRun'),
    rounds: 7,
    async run(contender) {
      let close: (() => unknown) | undefined;
      const ms = await timed(async () => {
        close = await contender.connectAndRun?.(target);
      });
      await close?.();
      return ms;
    },
  });
}

/** Commands per second on one connection, one after another or several at a time. */
export async function commandsPerSecond(server: BenchServer, atOnce: number): Promise<Measurement[]> {
  const target = await server.at(0);
  const count = 200;
  return inTurn({
    name: `exec, ${atOnce === 1 ? 'one after another' : `${atOnce} at a time`}`,
    unit: 'per s',
    contenders: able('openExec'),
    rounds: 5,
    run: async (contender) => {
      const session = await contender.openExec?.(target);
      if (!session) return Number.NaN;
      // Slow ones get fewer commands: it is a rate.
      const commands = contender.name === 'OpenSSH' ? count / 4 : count;
      try {
        const ms = await timed(() => inLanes(atOnce, commands, () => session.run('true')));
        return (commands * 1_000) / ms;
      } finally {
        await session.close();
      }
    },
  });
}

async function inLanes(lanes: number, count: number, work: () => Promise<void>): Promise<void> {
  let left = count;
  const lane = async () => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

const mebibytes = 1024;

/** A gibibyte of command output, counted and thrown away. */
export async function output(server: BenchServer): Promise<Measurement[]> {
  const target = await server.at(0);
  const command = `head -c ${mebibytes * 1024 * 1024} /dev/zero`;
  return inTurn({
    name: '1 GiB of command output',
    unit: 'MB/s',
    contenders: able('readOutput'),
    rounds: 3,
    run: (contender) => megabytesPerSecond(contender, () => contender.readOutput?.(target, command)),
  });
}

/** A gibibyte to a command's input. */
export async function input(server: BenchServer): Promise<Measurement[]> {
  const target = await server.at(0);
  const bytes = mebibytes * 1024 * 1024;
  return inTurn({
    name: '1 GiB of command input',
    unit: 'MB/s',
    contenders: able('writeInput'),
    rounds: 3,
    run: (contender) =>
      megabytesPerSecond(contender, () => contender.writeInput?.(target, 'cat > /dev/null', bytes)),
  });
}

async function megabytesPerSecond(
  contender: Contender,
  work: () => Promise<unknown> | undefined,
): Promise<number> {
  const ms = await timed(async () => {
    const bytes = await work();
    if (typeof bytes === 'number' && bytes !== mebibytes * 1024 * 1024) {
      throw new Error(`${contender.name} lost bytes: ${bytes}`);
    }
  });
  return (mebibytes * 1.048576 * 1_000) / ms;
}
