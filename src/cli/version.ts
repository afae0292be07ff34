import { readFileSync } from 'node:fs';

/** Read on demand from the nearest package.json above this file that is ours. */
export function packageVersion(): string {
  for (let up = 1; up <= 4; up++) {
    try {
      const file = new URL(`${'../'.repeat(up)}package.json`, import.meta.url);
      const { name, version } = JSON.parse(readFileSync(file, 'utf8'));
      if (name === 'ssh-via-gateway') return String(version);
    } catch {
      // Does not exist here.
    }
  }
  return 'unknown';
}
