// Publishes the types once: `.d.cts` declares them, and `.d.ts` re-exports them, as the code itself does. The other way
// round is not possible: a CommonJS declaration cannot take values from an ES module. Tabs instead of blanks save a
// tenth of it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

for (const file of readdirSync('dist').filter((name) => name.endsWith('.d.ts'))) {
  const name = file.slice(0, -'.d.ts'.length);
  const types = readFileSync(join('dist', file), 'utf8');
  writeFileSync(
    join('dist', `${name}.d.cts`),
    types.replace(/^(?: {4})+/gm, (blanks) => '\t'.repeat(blanks.length / 4)),
  );
  writeFileSync(join('dist', file), `export * from './${name}.cjs';\n`);
}
