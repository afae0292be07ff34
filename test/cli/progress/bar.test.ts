import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { drawLine, ProgressBar } from '../../../src/cli/progress/bar.ts';
import { Rate } from '../../../src/cli/progress/rate.ts';
import { inBytes } from '../../../src/cli/report/bytes.ts';
import { clock, inWords } from '../../../src/cli/report/times.ts';
import { widthOf } from '../../../src/cli/report/width.ts';

const half = { path: 'C:\\rpa\\in.bin', transferred: 5_000_000, total: 10_000_000, files: 0 };

test('a line shows name, part, bar, amount, speed and the time left', () => {
  expect(drawLine(half, 1_000_000, 80)).toMatch(
    /^in\.bin {3}50 % \[=+> +\] {2}5\.0 MB {2}1\.0 MB\/s {2}00:05 left$/,
  );
});

test.each([20, 40, 60, 80, 200])('a line never fills a terminal of %d columns', (width) => {
  const long = { ...half, path: `${'x'.repeat(300)}` };
  expect(drawLine(long, 1_234_567, width).length).toBeLessThanOrEqual(width);
});

const korean = '2026년 11월 청구서 최종본 (수정).xlsx';

test.each([1, 8, 20, 40, 60, 79, 120])('nor one of %d columns with a Korean name', (width) => {
  for (const path of [korean, korean.normalize('NFD'), korean.repeat(20), 'a\ud55c'.repeat(99)]) {
    expect(widthOf(drawLine({ ...half, path }, 1_234_567, width))).toBeLessThanOrEqual(width);
    expect(widthOf(drawLine({ ...half, path, total: undefined }, 1, width))).toBeLessThanOrEqual(width);
  }
});

test('the end of a long Korean name is shown completely', () => {
  expect(drawLine({ ...half, path: korean }, 1_000_000, 79)).toMatch(
    /^\.\.\.구서 최종본 \(수정\)\.xlsx {3}50 %/,
  );
});

test('a terminal of unknown width has 80 columns', () => {
  const output = Object.assign(new PassThrough(), { isTTY: true, columns: 0 });
  new ProgressBar(output).update(half);
  expect(widthOf(String(output.read()).replace(/\r|\x1b\[K/g, ''))).toBeGreaterThan(20);
});

test('a stalled transfer shows that instead of a time', () => {
  expect(drawLine(half, 0, 80)).toContain('stalled');
});

test('without a total there is neither percentage nor time', () => {
  expect(drawLine({ ...half, total: undefined }, 1_000, 80)).toBe('in.bin  5.0 MB  1.0 kB/s');
});

test('a name from a server is escaped', () => {
  expect(drawLine({ ...half, path: 'a\u001b[2J' }, 1, 80)).toContain('a\\x1b[2J');
});

test('the end of the file is a full bar', () => {
  expect(drawLine({ ...half, transferred: 10_000_000 }, 1_000_000, 80)).toMatch(/100 % \[=+\]/);
});

test('the speed is that of the last seconds', () => {
  const rate = new Rate();
  expect(rate.bytesPerSecond).toBeUndefined();
  rate.add(0, 0);
  rate.add(1_000, 1_000);
  expect(rate.bytesPerSecond).toBe(1_000);
  for (let second = 2; second <= 20; second++) rate.add(1_000 + (second - 1) * 10, second * 1_000);
  expect(rate.bytesPerSecond).toBe(10);
});

test('nothing is drawn without a terminal', () => {
  const output = new PassThrough();
  const bar = new ProgressBar(output);
  bar.update(half);
  bar.clear();
  expect(output.read()).toBeNull();
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_500, '1.5 kB'],
  [99_960, '100 kB'],
  [999_600, '1.0 MB'],
  [12_345_678, '12.3 MB'],
])('%d bytes are %s', (bytes, text) => {
  expect(inBytes(bytes)).toBe(text);
});

test.each([
  [850, '850 ms'],
  [2_000, '2 s'],
  [2_500, '2.5 s'],
  [59_900, '1 min'],
  [200_000, '3 min 20 s'],
  [7_500_000, '2 h 5 min'],
  [273_600_000, '3 d 4 h'],
])('%d ms are %s', (ms, text) => {
  expect(inWords(ms)).toBe(text);
});

test.each([
  [4_200, '00:05'],
  [750_000, '12:30'],
  [3_723_000, '1:02:03'],
])('a clock shows %d ms as %s', (ms, text) => {
  expect(clock(ms)).toBe(text);
});
