import { describe, expect, it } from 'vitest';
import { chart } from '../../bench/report/chart.ts';
import { made } from './made-up.ts';

const ours = 'ssh-via-gateway';
const svg = chart([
  made('connect-0', 'connect', 'ms', { [ours]: 10, ssh2: 20, OpenSSH: 5, AsyncSSH: 10.2, paramiko: 'no' }),
  made('exec-1', 'exec', 'per s', { [ours]: 500, ssh2: 1, OpenSSH: 400 }, 'exec <one> & another'),
  made('put-0', 'large', 'MB/s', { [ours]: 'broken', ssh2: 1 }),
  made('relay-50', 'relay', 'MB/s', { 'plain TCP': 1 }),
]);

interface Box {
  className: string;
  x: number;
  y: number;
  width: number;
  text: string;
}

function attribute(tag: string, name: string): string {
  return new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1] ?? '';
}

/** Every box with its place on the paper, however many groups it is in. */
function boxes(): Array<Box & { tag: string }> {
  const found: Array<Box & { tag: string }> = [];
  const groups: Array<readonly [number, number]> = [];
  for (const [tag, text = ''] of svg.matchAll(/<\/?(?:g|rect|text)\b[^>]*>([^<]*)/g)) {
    if (tag.startsWith('</')) {
      if (tag.startsWith('</g')) groups.pop();
    } else if (tag.startsWith('<g')) {
      const [, x, y] = /translate\((\d+) (\d+)\)/.exec(tag) ?? [];
      groups.push([Number(x), Number(y)]);
    } else {
      const sum = (which: 0 | 1) => groups.reduce((all, group) => all + group[which], 0);
      found.push({
        ...{ tag, text, className: attribute(tag, 'class'), width: Number(attribute(tag, 'width')) },
        ...{ x: sum(0) + Number(attribute(tag, 'x')), y: sum(1) + Number(attribute(tag, 'y')) },
      });
    }
  }
  expect(groups).toEqual([]);
  return found;
}

const all = boxes();
const bars = all.filter(({ tag }) => tag.startsWith('<rect') && tag.includes('height="12"')).slice(3);
const texts = all.filter(({ tag }) => tag.startsWith('<text'));

describe('the chart', () => {
  it('has a bar for each peer of each case: ahead, even, behind, to the right or the left of 1', () => {
    expect(bars.map(({ className }) => className)).toEqual(['ahead', 'behind', 'even', 'ahead', 'ahead']);
    const [twice, half] = bars;
    expect(half?.width).toBeCloseTo(twice?.width ?? 0, 0);
    expect((half?.x ?? 0) + (half?.width ?? 0)).toBeCloseTo(twice?.x ?? 0, 0);
    expect(texts.map(({ text }) => text)).toEqual(
      expect.arrayContaining(['2.0x', '0.50x', '1.0x', '500x', '1.3x']),
    );
  });

  it('says who fails, and leaves out cases of which we have no value', () => {
    expect(texts.filter(({ text }) => text === 'fails')).toHaveLength(1);
    expect(svg).not.toContain('case put-0');
    expect(svg).not.toContain('plain TCP');
  });

  it('keeps everything on the paper, with nothing that is not a number', () => {
    const [, width = 0, height = 0] = /viewBox="0 0 (\d+) ([\d.]+)"/.exec(svg)?.map(Number) ?? [];
    for (const { x, y, width: wide } of [...bars, ...texts]) {
      expect(x).toBeGreaterThan(0);
      expect(x + wide).toBeLessThan(width);
      expect(y).toBeLessThan(height);
    }
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('gives each line of a column a height of its own', () => {
    const labels = texts.filter(({ className }) => className === 'label right');
    const places = labels.map(({ x, y }) => `${x} ${y}`);
    expect(new Set(places).size).toBe(labels.length);
  });

  it('escapes what it is given, and is one tree', () => {
    expect(svg).toContain('exec &lt;one> &amp; another');
    const open = svg.match(/<(svg|title|style|text|g)\b/g)?.length;
    expect(svg.match(/<\/(svg|title|style|text|g)>/g)?.length).toBe(open);
  });

  it('is there also without any case', () => {
    expect(chart([])).toMatch(/^<svg .*<\/svg>\n$/s);
  });
});
