import { describe, expect, it } from 'vitest';
import { behind } from '../../bench/report/behind.ts';
import { best, figure, ratio, times } from '../../bench/report/compare.ts';
import { fillMarkers, longPart } from '../../bench/report/markdown.ts';
import { table } from '../../bench/report/table.ts';
import { made } from './made-up.ts';

const ours = 'ssh-via-gateway';

describe('the ratio', () => {
  it('is above 1 where we are better, whatever the unit', () => {
    expect(ratio('ms', 10, 20)).toBe(2);
    expect(ratio('MiB each', 0.5, 0.25)).toBe(0.5);
    expect(ratio('per s', 300, 100)).toBe(3);
    expect(ratio('MB/s', 50, 100)).toBe(0.5);
  });

  it('is written in two digits, a figure in three', () => {
    expect([0.4444, 1.04, 9.96, 12.3, 120].map(times)).toEqual(['0.44x', '1.0x', '10x', '12x', '120x']);
    expect([0.4444, 35, 9.3, 1234.5].map(figure)).toEqual(['0.444', '35', '9.3', '1235']);
  });
});

describe('the best', () => {
  it('is the least time or the greatest rate, of those that came through', () => {
    expect(best(made('connect-0', 'connect', 'ms', { a: 9, b: 4, c: 'no' }))?.contender).toBe('b');
    expect(best(made('exec-1', 'exec', 'per s', { a: 9, b: 4 }))?.contender).toBe('a');
    expect(best(made('exec-1', 'exec', 'per s', { a: 'no' }))).toBeUndefined();
  });
});

describe('the table', () => {
  it('has a row a case: medians, the ratio to ours, the best in bold, failures with their reason below', () => {
    const cases = [
      made('connect-0', 'connect', 'ms', { [ours]: 10, ssh2: 19, OpenSSH: 200 }),
      made('exec-8', 'exec', 'per s', { [ours]: 800, ssh2: 'Channel | open_failed', AsyncSSH: 1000 }),
    ];
    expect(table(cases).split('\n')).toEqual([
      '| Connections and commands | ssh-via-gateway | ssh2 | OpenSSH | AsyncSSH |',
      '|---|---:|---:|---:|---:|',
      '| case connect-0 (ms) | **10** | 19 (1.9x) | 200 (20x) |  |',
      '| case exec-8 (per s) | 800 | fails<sup>1</sup> |  | **1000** (0.80x) |',
      '',
      '<sup>1</sup> Channel \\| open\\_failed',
    ]);
  });

  it('is one for each kind of case, with the columns that it needs, and the same note only once', () => {
    const cases = [
      made('connect-0', 'connect', 'ms', { [ours]: 1, OpenSSH: 'no way' }),
      made('put-0', 'large', 'MB/s', { [ours]: 1, 'OpenSSH sftp': 'no way' }),
    ];
    const text = table(cases);
    expect(text).toContain('| Connections and commands | ssh-via-gateway | OpenSSH |\n');
    expect(text).toContain('| One large file | ssh-via-gateway | OpenSSH sftp |\n');
    expect(text.match(/<sup>1<\/sup>/g)).toHaveLength(3);
    expect(text).not.toContain('<sup>2');
  });

  it('says which value is of a single run', () => {
    const text = table([made('put-small-50', 'small', 'ms', { [ours]: [1, 2, 3], 'OpenSSH sftp': [90] })]);
    expect(text).toContain('| 90<sup>1</sup> (45x) |');
    expect(text).toContain('<sup>1</sup> measured once');
    expect(table([made('packages', 'package', 'packages', { [ours]: [13], ssh2: [8] })])).not.toContain(
      'once',
    );
  });
});

describe('where we are not first', () => {
  it('is listed with its reason, beyond the noise', () => {
    const cases = [
      made('exec-1', 'exec', 'per s', { [ours]: 100, ssh2: 150 }),
      made('import', 'package', 'ms', { [ours]: 60, ssh2: 50 }),
      made('output', 'stream', 'MB/s', { [ours]: 100, ssh2: 101 }),
      made('put-0', 'large', 'MB/s', { [ours]: 100, ssh2: 50 }),
    ];
    expect(behind(cases, { 'exec-1': 'It checks more.' }).split('\n')).toEqual([
      'Where we are not first:',
      '',
      '- case exec-1 (per s): ssh2 is 1.5x as good. It checks more.',
      '- case import (ms): ssh2 is 1.2x as good. We do not know why yet.',
    ]);
    expect(behind(cases.slice(2), {})).toBe('');
  });
});

describe('the parts of the documents', () => {
  const relay = made('relay-50', 'relay', 'MB/s', { 'plain TCP': 333 }, 'the relay alone, RTT 50 ms');
  const cases = [
    made('connect-0', 'connect', 'ms', { [ours]: 10, ssh2: 20 }),
    { ...made('exec-1', 'exec', 'per s', { [ours]: 10 }), date: '2026-12-01' },
    relay,
  ];

  it('has the chart, machine, days and versions, the table, and what the relay carries', () => {
    const versions = { ssh2: '1.17.0', OpenSSH: '9.2p1', commit: 'abc' };
    const text = longPart({ versions, cases }, {}, 'docs/bench.svg');
    expect(text).toContain('](docs/bench.svg)');
    expect(text).toContain(
      '2 x a processor, loopback, 2026-11-30 to 2026-12-01; ssh2 1.17.0, OpenSSH 9.2p1.',
    );
    expect(text).toContain('| case connect-0 (ms) | **10** | 20 (2.0x) |');
    expect(text).toContain('The delaying relay alone carries 333 MB/s (RTT 50 ms).');
    expect(text).not.toContain('plain TCP');
  });

  it('goes between the markers, and nowhere else', () => {
    const text = 'before\n<!-- bench:start -->\nold\n<!-- bench:end -->\nafter\n';
    expect(fillMarkers(text, 'new')).toBe('before\n<!-- bench:start -->\nnew\n<!-- bench:end -->\nafter\n');
    expect(fillMarkers(fillMarkers(text, 'x'), 'new')).toBe(fillMarkers(text, 'new'));
    for (const wrong of [
      'no markers',
      text + text,
      text.replace('start', 'end'),
      text.replace('end', 'fin'),
    ]) {
      expect(() => fillMarkers(wrong, 'new')).toThrow('there must be one');
    }
  });
});
