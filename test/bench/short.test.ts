import { expect, it } from 'vitest';
import { inKorean } from '../../bench/report/korean.ts';
import { chosen, shortPart } from '../../bench/report/short.ts';
import { caseIds, ours } from '../../bench/support/types.ts';
import { made } from './made-up.ts';

it('the short table consists of cases that exist', () => {
  for (const id of chosen) expect(caseIds).toContain(id);
});

it('the short table says which cases ran in a fresh process, in both languages', () => {
  const name = '16 MiB down, RTT 200 ms';
  const cases = [made('cold-get-16-200', 'cold', 'ms', { [ours]: 1_000, ssh2: 3_600 }, name)];
  const part = shortPart({ versions: {}, cases });
  expect(part).toContain('| 16 MiB down, RTT 200 ms, fresh process (ms) | 1000 | 3600, ssh2 (3.6x) |');
  expect(inKorean(part)).toContain('| 16 MiB 내려받기, RTT 200 ms, 새 프로세스 (ms) |');
});
