import { readFileSync } from 'node:fs';

/** Read when it is asked for: `dist/cli.js` and `src/cli/version.ts` find the package at different distances. */
export function packageVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
      if (name === 'ssh-via-gateway') return String(version);
    } catch {
      // Not there.
    }
  }
  return 'unknown';
}
