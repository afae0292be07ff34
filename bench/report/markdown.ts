import type { CaseResult, Results } from '../support/types.ts';
import { behind, type Reasons } from './behind.ts';
import { figure, measured } from './compare.ts';
import { table } from './table.ts';

const unique = (values: readonly string[]) => [...new Set(values)].sort();

/** Machine, dates and versions: without them, the figures mean nothing. */
export function provenance({ versions, cases }: Results): string {
  const days = unique(cases.map(({ date }) => date));
  const [first, last] = [days[0], days.at(-1)];
  const when = first === last ? first : `${first} to ${last}`;
  const { commit: _, ...names } = versions;
  const what = Object.entries(names).map(([name, version]) => `${name} ${version}`);
  return `${unique(cases.map((one) => one.machine)).join(' and ')}, loopback, ${when}; ${what.join(', ')}.`;
}

/** The part of docs/benchmarks.md between its markers. */
export function longPart(results: Results, reasons: Reasons, chartPath: string): string {
  const { cases } = results;
  const parts = [
    `![How many times faster ssh-via-gateway is than each of its peers](${chartPath})`,
    `Medians; in brackets, how many times better ssh-via-gateway is (below 1x: worse); bold: the best. ${provenance(results)}`,
    table(cases),
    relayLine(cases),
    behind(cases, reasons),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

export function relayLine(cases: readonly CaseResult[]): string {
  const speeds = cases
    .filter(({ group }) => group === 'relay')
    .flatMap((one) =>
      measured(one).map(({ median }) => `${figure(median)} MB/s (${one.name.replace(/^.*, /, '')})`),
    );
  return speeds.length === 0 ? '' : `The delaying relay alone carries ${speeds.join(' and ')}.`;
}

const start = '<!-- bench:start -->';
const end = '<!-- bench:end -->';

/** Inserts `part` between the markers. @throws Error unless each of them occurs once and in order. */
export function fillMarkers(text: string, part: string): string {
  const pieces = text.split(start);
  const [before, rest] = pieces;
  const [old, after, ...more] = rest?.split(end) ?? [];
  if (pieces.length !== 2 || old === undefined || after === undefined || more.length > 0) {
    throw new Error(`there must be one ${start} and behind it one ${end}`);
  }
  return `${before}${start}\n${part}\n${end}${after}`;
}
