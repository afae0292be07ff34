// Publishes the types once: `.d.cts` declares them, and `.d.ts` re-exports them, as the code itself does. The other way
// round is not possible: a CommonJS declaration cannot take values from an ES module.
import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

for (const file of readdirSync('dist').filter((name) => name.endsWith('.d.ts'))) {
  const name = file.slice(0, -'.d.ts'.length);
  renameSync(join('dist', file), join('dist', `${name}.d.cts`));
  writeFileSync(join('dist', file), `export * from './${name}.cjs';\n`);
}
