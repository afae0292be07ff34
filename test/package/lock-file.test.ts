import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface Locked {
  resolved?: string;
  version?: string;
  integrity?: string;
  optionalDependencies?: Record<string, string>;
}
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, Locked>;
};

test('The lock file has the packages of every platform, so that npm ci works on each', () => {
  const paths = Object.keys(packages);
  const wanted = Object.values(packages).flatMap((locked) => Object.keys(locked.optionalDependencies ?? {}));
  expect(wanted.filter((name) => !paths.some((path) => path.endsWith(`node_modules/${name}`)))).toEqual([]);
});

test('The lock file names no registry, and a checksum for each package', () => {
  const others = Object.entries(packages).filter(([path]) => path !== '');
  expect(others.filter(([, locked]) => locked.resolved !== undefined)).toEqual([]);
  expect(others.filter(([, locked]) => !locked.integrity || !locked.version)).toEqual([]);
});
