import { readFileSync } from 'node:fs';

/**
 * Whether a file of tests needs a process of its own: what it puts in the place of a module, its still clock and its
 * measuring are not to be upset by what other files left, nor to upset them. A file may also say so itself.
 */
export const needsProcess = (file: string) =>
  /\bvi\.(?:mock|doMock|resetModules|useFakeTimers)\(|\bexpectLinear\(|^\/\/ A process of its own: /m.test(
    readFileSync(file, 'utf8'),
  );
