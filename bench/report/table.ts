import type { CaseResult, Group, Result } from '../support/types.ts';
import { best, figure, oursIn, ratio, times } from './compare.ts';
import { Notes } from './notes.ts';

const tables: ReadonlyArray<{ title: string; groups: readonly Group[] }> = [
  { title: 'Connections and commands', groups: ['connect', 'exec'] },
  { title: 'One large file', groups: ['large'] },
  { title: 'Many small files', groups: ['small'] },
  { title: 'In a fresh process, connected', groups: ['cold'] },
  { title: 'Much output and input', groups: ['stream'] },
  { title: 'Many connections', groups: ['many'] },
  { title: 'The package', groups: ['package'] },
];

/**
 * Markdown: one table for each kind of case, with a row per case and a column per contender; notes on failures below.
 */
export function table(cases: readonly CaseResult[]): string {
  const notes = new Notes();
  const texts = tables.map(({ title, groups }) => {
    const rows = cases.filter(({ group }) => groups.includes(group));
    return rows.length === 0 ? '' : tableOf(title, rows, notes);
  });
  return [...texts, notes.text].filter((text) => text !== '').join('\n\n');
}

function tableOf(title: string, cases: readonly CaseResult[], notes: Notes): string {
  const names = [...new Set(cases.flatMap(({ results }) => results.map(({ contender }) => contender)))];
  const head = `| ${title} | ${names.join(' | ')} |\n|---|${names.map(() => '---:|').join('')}`;
  const rows = cases.map((one) => {
    const cells = names.map((name) =>
      cell(
        one,
        one.results.find(({ contender }) => contender === name),
        notes,
      ),
    );
    return `| ${one.name} (${one.unit}) | ${cells.join(' | ')} |`;
  });
  return [head, ...rows].join('\n');
}

function cell(one: CaseResult, result: Result | undefined, notes: Notes): string {
  if (!result) return '';
  const { contender, failed, median } = result;
  if (failed !== undefined) return `fails${notes.mark(failed)}`;
  if (median === undefined) return '';
  const mine = oursIn(one);
  const value = best(one)?.median === median ? `**${figure(median)}**` : figure(median);
  const single = isSingle(one, result) ? notes.mark('measured once: it takes too long') : '';
  const compared =
    mine && mine.contender !== contender ? ` (${times(ratio(one.unit, mine.median, median))})` : '';
  return `${value}${single}${compared}`;
}

/** One run where others had several. */
function isSingle({ results }: CaseResult, { all }: Result): boolean {
  return all.length === 1 && results.some((other) => other.all.length > 1);
}
