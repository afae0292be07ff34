import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

interface LockedPackage {
  hasInstallScript?: boolean;
  dev?: boolean;
}

/** What comes with the package and has a script that npm asks about. */
function packagesWithScripts(): string[] {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage>;
  };
  return Object.entries(lock.packages)
    .filter(([path, { hasInstallScript, dev }]) => path !== '' && hasInstallScript && !dev)
    .map(([path]) => path.replace(/^.*node_modules\//, ''));
}

it.each([
  ['README.md', '## Install'],
  ['README.ko.md', '## 설치'],
])('%s says of each package that npm asks about what it means', (page, heading) => {
  const text = readFileSync(join(root, page), 'utf8');
  const [, install = ''] = text.split(`${heading}\n`);
  const told = install.split('\n## ')[0]!;
  expect(packagesWithScripts()).toContain('ssh2');
  for (const name of packagesWithScripts()) expect(told).toContain(`\`${name}\``);
  expect(told).toContain('allowScripts');
});
