import { expect } from 'vitest';
import { startMockServer } from '../../src/mock-server/index.ts';
import { accepts, runCases, type WireCase, WireWorld } from './wire-matrix.ts';

/** Runs the cases and expects of each that nothing was sent, asked or shown before its time. */
export async function expectNothingEarly(cases: readonly WireCase[]): Promise<void> {
  await using gateway = await startMockServer();
  await using world = await WireWorld.start(gateway);
  const findings = await runCases(world, cases);
  const leaked = findings.reduce((sum, finding) => sum + finding.leaked, 0);
  const asked = findings.reduce((sum, finding) => sum + finding.asked, 0);
  console.log(
    `wire: ${findings.length} cases, ${leaked} messages too early, ${asked} calls of the user's functions`,
  );
  expect({ leaked, asked, count: findings.length }).toEqual({ leaked: 0, asked: 0, count: cases.length });
  const wrong = cases.map((one, index) => ({ ...one, code: findings[index]?.code ?? '' }));
  expect(wrong.filter((one) => !expectedCodes(one).includes(one.code))).toEqual([]);
}

function expectedCodes(one: WireCase): string[] {
  const outOfTurn = 'SSH_HANDSHAKE_FAILED';
  const refused = ['SSH_HOST_KEY_MISMATCH', 'SSH_HOST_KEY_UNKNOWN'];
  if (one.message === 'EXT_INFO' && one.position !== 'before') {
    // As the jump host the raw server would have to dial, which is out of its line.
    if (!accepts(one)) return refused;
    return one.route === 'as the jump host'
      ? ['SSH_CONNECT_FAILED', 'SSH_CHANNEL_OPEN_FAILED']
      : ['connected'];
  }
  // A verdict can come before the second write.
  const late = one.position === 'split' || one.position === 'between';
  return late && !accepts(one) ? [outOfTurn, ...refused] : [outOfTurn];
}
