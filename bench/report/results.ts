import { readFile, writeFile } from 'node:fs/promises';
import { type CaseResult, caseIds, type Results } from '../support/types.ts';

/** Earlier results; none if the file does not exist. */
export async function readResults(path: string): Promise<Results> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{"versions":{},"cases":[]}';
    throw error;
  });
  return JSON.parse(text) as Results;
}

export async function writeResults(path: string, results: Results): Promise<void> {
  await writeFile(path, `${JSON.stringify(results, null, 2)}\n`);
}

/** Cases that were measured again replace the old ones; the others are kept. */
export function merge({ versions, cases }: Results, fresh: Results): Results {
  const replaced = new Set(fresh.cases.map(({ id }) => id));
  const all = [...cases.filter(({ id }) => !replaced.has(id)), ...fresh.cases];
  return { versions: { ...versions, ...fresh.versions }, cases: inOrder(all) };
}

function inOrder(cases: readonly CaseResult[]): CaseResult[] {
  const order: readonly string[] = caseIds;
  return [...cases].sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
}
