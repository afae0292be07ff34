import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** The files of tests in a folder whose text matches, by their paths in the checkout. */
export const testFiles = (text: RegExp, folder = 'test'): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name).replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.test.ts') && text.test(readFileSync(join(root, file), 'utf8')));

/**
 * What tells that a file of tests needs a process of its own: what it puts in the place of a module, its still clock and
 * its measuring are not to be upset by what other files left, nor to upset them. A file may also say so itself.
 */
export const needsProcess =
  /\bvi\.(?:mock|doMock|resetModules|useFakeTimers)\(|\bexpectLinear\(|^\/\/ A process of its own: /m;
