import { describe, expect, it } from 'vitest';
import { reasons } from '../../bench/reasons.ts';
import { verdicts, verdictText } from '../../bench/report/goals.ts';
import { caseIds, ours } from '../../bench/support/types.ts';
import { goals } from '../../bench/targets.ts';
import { made } from './made-up.ts';

describe('a target', () => {
  it('is a least ratio to the best of some', () => {
    const goal = { case: 'put-50', atLeast: { times: 3, against: ['OpenSSH sftp', 'OpenSSH scp'] } };
    const judge = (values: Record<string, number | string>) =>
      verdicts([goal], [made('put-50', 'large', 'MB/s', values)])[0];
    expect(judge({ [ours]: 60, ssh2: 59, 'OpenSSH sftp': 10, 'OpenSSH scp': 20 })).toEqual({
      name: 'case put-50',
      wanted: 'at least 3x the best of OpenSSH sftp, OpenSSH scp',
      got: '3x OpenSSH scp',
      reached: true,
    });
    expect(judge({ [ours]: 59, 'OpenSSH scp': 20 })).toMatchObject({
      got: '2.95x OpenSSH scp',
      reached: false,
    });
    expect(judge({ [ours]: 'broken', 'OpenSSH scp': 20 })).toMatchObject({ reached: false });
    expect(judge({ [ours]: 59, 'OpenSSH scp': 'broken' })).toMatchObject({ reached: true });
  });

  it('is to be ahead of everyone', () => {
    const goal = { case: 'exec-8', atLeast: { times: 1, against: 'everyone' as const } };
    const judge = (values: Record<string, number>) =>
      verdicts([goal], [made('exec-8', 'exec', 'per s', values)])[0]?.reached;
    expect(judge({ [ours]: 10, ssh2: 9, OpenSSH: 8 })).toBe(true);
    expect(judge({ [ours]: 10, ssh2: 9, OpenSSH: 11 })).toBe(false);
  });

  it('is a value at most', () => {
    const goal = { case: 'output-memory', atMost: 120 };
    const judge = (value: number) =>
      verdicts([goal], [made('output-memory', 'stream', 'MiB', { [ours]: value })])[0];
    expect(judge(119)).toMatchObject({ wanted: 'at most 120 MiB', got: '119', reached: true });
    expect(judge(121)?.reached).toBe(false);
  });

  it('is a value at least', () => {
    const goal = { case: 'exec-8-50-roomy', noLess: 140 };
    const judge = (value: number) =>
      verdicts([goal], [made('exec-8-50-roomy', 'exec', 'per s', { [ours]: value })])[0];
    expect(judge(140)).toMatchObject({ wanted: 'at least 140 per s', got: '140', reached: true });
    expect(judge(139)?.reached).toBe(false);
    expect(verdicts([goal], [])).toMatchObject([{ wanted: 'at least 140', reached: false }]);
  });

  it('is told in a line, also when it was not measured', () => {
    const all = verdicts(
      [
        { case: 'packages', atMost: 15 },
        { case: 'round-trips', atMost: 6 },
        { case: 'import', atMost: 10 },
      ],
      [
        made('packages', 'package', 'packages', { [ours]: 13 }),
        made('import', 'package', 'ms', { [ours]: 11 }),
      ],
    );
    const lines = verdictText(all).split('\n');
    expect(lines[0]).toMatch(/^reached +case packages +wanted at most 15 packages, is 13$/);
    expect(lines[1]).toMatch(/^not measured +round-trips +wanted at most 6$/);
    expect(lines[2]).toMatch(/^NOT REACHED +case import +wanted at most 10 ms, is 11$/);
    expect(lines[3]).toBe('1 of 3 targets reached');
  });
});

describe('targets and reasons', () => {
  it('name cases that there are', () => {
    const named = [...goals.map((goal) => goal.case), ...Object.keys(reasons)];
    expect(named.filter((id) => !(caseIds as readonly string[]).includes(id))).toEqual([]);
  });
});
