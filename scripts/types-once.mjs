// Publishes the types once: `.d.ts` passes on what `.d.cts` declares. tsup writes the same text twice, which doubles what
// is installed, and what a compiler reads where a program has both ES modules and CommonJS. It cannot be the other way
// round: a CommonJS declaration may not take values from an ES module.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

for (const file of readdirSync('dist').filter((name) => name.endsWith('.d.cts'))) {
  const name = file.slice(0, -'.d.cts'.length);
  const [common, es] = [join('dist', file), join('dist', `${name}.d.ts`)];
  if (readFileSync(common, 'utf8') !== readFileSync(es, 'utf8'))
    throw new Error(`${es} is not like ${common}`);
  writeFileSync(es, `export * from './${name}.cjs';\n`);
}
