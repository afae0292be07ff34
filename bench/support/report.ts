import { cpus } from 'node:os';
import type { Measurement } from './types.ts';

const ours = 'ssh-via-gateway';

/** How many times better than `other` we are; above 1 is better, whatever the unit. */
export function ratio(mine: Measurement, other: Measurement): number {
  const smallerIsBetter = ['ms', 'MiB', 'CPU ms', 'packages'].includes(mine.unit);
  return smallerIsBetter ? other.median / mine.median : mine.median / other.median;
}

/** A Markdown table: a row a case, a column a contender, medians, and how many times better we are in brackets. */
export function table(measurements: readonly Measurement[]): string {
  const cases = [...new Set(measurements.map((one) => one.case))];
  const names = [...new Set(measurements.map((one) => one.contender))];
  const head = `| case | ${names.join(' | ')} |\n|---|${names.map(() => '---:|').join('')}`;
  const rows = cases.map((name) => {
    const ofCase = measurements.filter((one) => one.case === name);
    const mine = ofCase.find((one) => one.contender === ours);
    const cells = names.map((contender) =>
      cell(
        ofCase.find((one) => one.contender === contender),
        mine,
      ),
    );
    return `| ${name} (${ofCase[0]?.unit}) | ${cells.join(' | ')} |`;
  });
  return [head, ...rows].join('\n');
}

function cell(one: Measurement | undefined, mine: Measurement | undefined): string {
  if (!one) return '';
  if (one.failed !== undefined) return 'fails';
  const value = one.median >= 100 ? one.median.toFixed(0) : one.median.toPrecision(3);
  if (!mine || one === mine || Number.isNaN(mine.median)) return `**${value}**`;
  return `${value} (${ratio(mine, one).toFixed(1)}x)`;
}

/** Where the figures come from: they mean nothing without. */
export function machine(): string {
  const [cpu] = cpus();
  return `${cpus().length} x ${cpu?.model.trim()}, Node ${process.version}, loopback, ${new Date().toISOString().slice(0, 10)}`;
}

/** Bars of how many times better we are than each contender, on a logarithmic scale around 1. */
export function chart(measurements: readonly Measurement[]): string {
  const rows = measurements.flatMap((one) => {
    const mine = measurements.find((other) => other.case === one.case && other.contender === ours);
    if (!mine || one === mine || Number.isNaN(one.median) || one.failed !== undefined) return [];
    return [{ label: `${one.case}: ${one.contender}`, times: ratio(mine, one) }];
  });
  const [left, scale, height] = [330, 90, 18];
  const bars = rows.map(({ label, times }, row) => {
    const width = Math.log2(times) * scale * 0.6;
    const y = 30 + row * height;
    const x = left + 60 + Math.min(0, width);
    const colour = times >= 1 ? '#2b8a3e' : '#c92a2a';
    return `<text x="${left}" y="${y + 12}" text-anchor="end">${escapeXml(label)}</text><rect x="${x}" y="${y}" width="${Math.max(1, Math.abs(width))}" height="${height - 5}" fill="${colour}"/><text x="${left + 66 + Math.max(0, width)}" y="${y + 12}">${times.toFixed(1)}x</text>`;
  });
  const total = 40 + rows.length * height;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="860" height="${total}" font-family="sans-serif" font-size="11" role="img" aria-label="ssh-via-gateway beside its peers"><title>ssh-via-gateway beside its peers</title><rect width="860" height="${total}" fill="#fff"/><text x="10" y="16" font-size="13">ssh-via-gateway: times as fast (or as small) as each; logarithmic</text>${bars.join('')}</svg>\n`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
