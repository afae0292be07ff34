import { basename, dirname } from 'node:path';
import { build } from 'vite';

const [entry, outfile] = process.argv.slice(2);
await build({
  logLevel: 'warn',
  ssr: { noExternal: true },
  build: {
    ssr: entry,
    outDir: dirname(outfile),
    rollupOptions: { output: { entryFileNames: basename(outfile) } },
  },
});
