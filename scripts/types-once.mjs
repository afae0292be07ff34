// Publishes the types once: `.d.cts` declares them, and `.d.ts` passes them on, as the code itself does. It cannot be the
// other way round: a CommonJS declaration may not take values from an ES module.
import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

for (const file of readdirSync('dist').filter((name) => name.endsWith('.d.ts'))) {
  const name = file.slice(0, -'.d.ts'.length);
  renameSync(join('dist', file), join('dist', `${name}.d.cts`));
  writeFileSync(join('dist', file), `export * from './${name}.cjs';\n`);
}
