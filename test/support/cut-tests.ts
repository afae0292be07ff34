import { expect, it } from 'vitest';
import type { CutFault, CutHow } from '../../src/mock-server/index.ts';
import { watchHandles } from '../mock-server/support.ts';
import { measureSession, runCuts } from './cut-sessions.ts';

export interface CutPlan {
  how: CutHow;
  /** Every `stride`th byte, from `offset` on. */
  stride: number;
  offset: number;
  /** Sessions at once. */
  parallel: number;
}

/** A test of one kind of cut, in both directions of a session, with what came of it printed. */
export function testCuts({ how, stride, offset, parallel }: CutPlan): void {
  const where = stride === 1 ? 'every byte' : `every ${stride}. byte`;
  it(`cut by ${how} at ${where} ends each step with one typed error or a success`, {
    timeout: 300_000,
  }, async () => {
    const length = await measureSession();
    const leftBehind = await watchHandles();
    const uncaught: unknown[] = [];
    const note = (error: unknown) => void uncaught.push(error);
    process.on('unhandledRejection', note).on('uncaughtException', note);
    const cuts: CutFault[] = [];
    for (const direction of ['toClient', 'toServer'] as const) {
      for (let atByte = offset; atByte <= length[direction]; atByte += stride)
        cuts.push({ direction, atByte, how });
    }
    const report = await runCuts(cuts, parallel);
    process.off('unhandledRejection', note).off('uncaughtException', note);
    const { sessions, succeeded, codes, slowest } = report;
    const outcomes = Object.entries(codes).map(([code, count]) => `${code} ${count}`);
    console.log(
      `${how}: ${sessions} sessions, cut at ${where} of ${length.toClient} to the client and ${length.toServer} to the server; ${succeeded} succeeded; slowest ${Math.round(slowest)} ms; ${outcomes.join(', ')}`,
    );
    expect(report.faults).toEqual([]);
    expect(uncaught).toEqual([]);
    expect(sessions).toBe(cuts.length);
    expect(succeeded).toBeLessThan(sessions / 3);
    expect(Object.keys(codes)).toEqual(expect.arrayContaining(['SSH_CONNECTION_LOST']));
    expect(await leftBehind()).toEqual([]);
  });
}
