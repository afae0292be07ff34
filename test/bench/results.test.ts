import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { merge, readResults, writeResults } from '../../bench/report/results.ts';
import { made } from './made-up.ts';

it('keeps what was measured before, replaces what is measured anew, and the order of the table', () => {
  const old = {
    versions: { ssh2: '1.0', OpenSSH: '9' },
    cases: [made('connect-0', 'connect', 'ms', { a: 1 }), made('put-0', 'large', 'MB/s', { a: 1 })],
  };
  const again = { ...made('connect-0', 'connect', 'ms', { a: 2 }), date: '2026-12-01' };
  const fresh = { versions: { ssh2: '1.1' }, cases: [made('exec-1', 'exec', 'per s', { a: 3 }), again] };
  const { versions, cases } = merge(old, fresh);
  expect(versions).toEqual({ ssh2: '1.1', OpenSSH: '9' });
  expect(cases.map(({ id, date }) => [id, date])).toEqual([
    ['connect-0', '2026-12-01'],
    ['exec-1', '2026-11-30'],
    ['put-0', '2026-11-30'],
  ]);
});

it('writes a file that it reads again, begins without one, and does not overwrite what it cannot read', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'results-'));
  try {
    const path = join(folder, 'results.json');
    expect(await readResults(path)).toEqual({ versions: {}, cases: [] });
    const results = { versions: { a: '1' }, cases: [made('put-0', 'large', 'MB/s', { a: 1, b: 'broken' })] };
    await writeResults(path, results);
    expect(await readResults(path)).toEqual(results);
    await writeFile(path, 'not JSON');
    await expect(readResults(path)).rejects.toThrow(SyntaxError);
  } finally {
    await rm(folder, { recursive: true });
  }
});
