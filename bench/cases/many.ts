import type { Bench, Part } from '../support/bench.ts';
import { able, inTurn } from '../support/measure.ts';
import { probe } from '../support/probe.ts';
import type { CaseResult } from '../support/types.ts';

const group = 'many' as const;

/**
 * Memory and processor time of many connections that are made and held at once. Cipher, key exchange and host key are
 * the same for all: AES-128-GCM, Curve25519, Ed25519; and so is the keepalive: every 30 s.
 */
async function manyConnections({ server, contenders, sizes }: Bench): Promise<CaseResult[]> {
  const target = await server.at(0);
  const { connections } = sizes;
  const name = `${connections} connections at once`;
  return inTurn({
    cases: [
      { id: 'many-memory', group, name: `${name}, memory at its most`, unit: 'MiB each' },
      { id: 'many-memory-held', group, name: `${name}, memory at rest`, unit: 'MiB each' },
      { id: 'many-cpu', group, name: `${name}, processor time`, unit: 'CPU ms' },
    ],
    contenders: able(contenders, 'hold'),
    rounds: Math.min(sizes.rounds, 5),
    async run(contender) {
      const report = await probe(contender, { what: 'connections', connections }, target);
      return [report.grownMiB / connections, report.heldMiB / connections, report.cpuMs];
    },
  });
}

export const manyAtOnce: Part[] = [{ group, name: 'many', isCold: true, run: manyConnections }];
