import { type CaseResult, ours } from '../support/types.ts';
import { look } from './chart-look.ts';
import { figure, oursIn, ratio, times } from './compare.ts';

/** Only shown in the table: they say nearly the same as another case. */
const sizes = ['install-size', 'packed', 'unpacked'];
const notShown = [...sizes, 'round-trips', 'import-least', 'many-memory-held', 'relay-50', 'relay-200'];

interface Row {
  peer: string;
  /** How many times better we are; absent if the other contender failed. */
  times?: number;
}

interface Card {
  title: string;
  value: string;
  rows: Row[];
}

const [margin, gutter, cardWidth, headHeight] = [24, 32, 460, 104];
const [rowHeight, titleHeight, cardGap] = [17, 24, 18];
/** Position of the bars within a card. */
const [zoneLeft, zoneWidth] = [128, 280];
const [least, most] = [1 / 4, 128];

/** SVG: a group of bars for each case, one per contender, showing how many times better we are; logarithmic. */
export function chart(cases: readonly CaseResult[]): string {
  const columns = inColumns(cases.flatMap(cardOf));
  const width = 2 * margin + gutter + 2 * cardWidth;
  const height = headHeight + Math.max(0, ...columns.map(heightOf)) + margin - cardGap;
  const body = columns.map((cards, column) => {
    let y = headHeight;
    return cards.map((card) => {
      const drawn = drawCard(card, margin + column * (cardWidth + gutter), y);
      y += heightOf([card]);
      return drawn;
    });
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="ssh-via-gateway beside its peers">`,
    `<title>How many times faster, or smaller, ssh-via-gateway is than each of its peers</title>`,
    `<style>${look}</style>`,
    `<rect class="paper" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10"/>`,
    ...head(),
    ...body.flat(2),
    '</svg>\n',
  ].join('\n');
}

function head(): string[] {
  const legend = [
    ['ahead', 'ssh-via-gateway is better'],
    ['even', 'as good, within 5 %'],
    ['behind', 'the peer is better'],
  ] as const;
  let x = margin;
  const entries = legend.map(([kind, words]) => {
    const entry = `<rect class="${kind}" x="${x}" y="72" width="12" height="12" rx="2"/><text class="small" x="${x + 18}" y="82">${words}</text>`;
    x += 40 + words.length * 6.4;
    return entry;
  });
  return [
    `<text class="title" x="${margin}" y="36">${ours} beside its peers</text>`,
    `<text class="small" x="${margin}" y="57">Each bar: how many times faster (or smaller) it is than that peer. The scale is logarithmic; the line is 1x.</text>`,
    ...entries,
  ];
}

function cardOf(one: CaseResult): Card[] {
  const mine = oursIn(one);
  const rows = one.results.flatMap(({ contender, median, failed }): Row[] => {
    if (contender === ours) return [];
    if (failed !== undefined) return [{ peer: contender }];
    return mine && median !== undefined
      ? [{ peer: contender, times: ratio(one.unit, mine.median, median) }]
      : [];
  });
  if (!mine || rows.length === 0 || notShown.includes(one.id)) return [];
  return [{ title: one.name, value: `${figure(mine.median)} ${one.unit}`, rows }];
}

function heightOf(cards: readonly Card[]): number {
  return cards.reduce((sum: number, { rows }) => sum + titleHeight + rows.length * rowHeight + cardGap, 0);
}

/** Two columns, read one after the other, as equal in height as possible. */
function inColumns(cards: readonly Card[]): [Card[], Card[]] {
  const splits = cards.map((_, index) => index + 1);
  const heightAt = (split: number) => Math.max(heightOf(cards.slice(0, split)), heightOf(cards.slice(split)));
  const split = splits.reduce(
    (best, next) => (heightAt(next) < heightAt(best) ? next : best),
    splits[0] ?? 0,
  );
  return [cards.slice(0, split), cards.slice(split)];
}

/** Each card and each row has a place of its own, so that what is within it looks alike, which packs well. */
function drawCard({ title, value, rows }: Card, x: number, y: number): string {
  const bottom = titleHeight + rows.length * rowHeight;
  return [
    `<g transform="translate(${x} ${y})">`,
    `<text class="case" y="13">${escapeXml(title)}</text>`,
    `<text class="small right" x="${cardWidth}" y="13">${escapeXml(value)}</text>`,
    ...rows.map((row, index) => drawRow(row, titleHeight + index * rowHeight)),
    `<path class="one" d="M${position(1)} ${titleHeight - 3}V${bottom}"/>`,
    '</g>',
  ].join('\n');
}

function drawRow(row: Row, y: number): string {
  const one = position(1);
  const label = `<g transform="translate(0 ${y})"><text class="label right" x="${zoneLeft - 8}" y="11">${escapeXml(row.peer)}</text>`;
  if (row.times === undefined) return `${label}<text class="fails" x="${one + 6}" y="11">fails</text></g>`;
  const end = position(row.times);
  const [from, to] = [Math.min(one, end), Math.max(one, end)];
  const bar = `<rect class="${kindOf(row.times)}" x="${from}" y="1" width="${Math.max(2, to - from)}" height="${rowHeight - 5}" rx="2"/>`;
  return `${label}${bar}<text class="value" x="${Math.max(one, to) + 6}" y="11">${times(row.times)}</text></g>`;
}

function kindOf(value: number): 'ahead' | 'even' | 'behind' {
  if (value > 1.05) return 'ahead';
  return value < 1 / 1.05 ? 'behind' : 'even';
}

/** Position of a ratio within a card, in whole pixels; values beyond the scale are placed at its end. */
function position(value: number): number {
  const clamped = Math.min(most, Math.max(least, value));
  return Math.round(zoneLeft + (zoneWidth * Math.log2(clamped / least)) / Math.log2(most / least));
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
