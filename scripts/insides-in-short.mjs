// Builds contain the tables of ssh2's internals without the explanations: only what is checked on a client.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The exports of a table, given its path from the root of the repository. */
export async function loadTable(file) {
  const { outputFiles } = await build({
    absWorkingDir: fileURLToPath(new URL('..', import.meta.url)),
    entryPoints: [file],
    bundle: true,
    format: 'esm',
    write: false,
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
}

const inShort = (rows) =>
  Object.fromEntries(Object.entries(rows).map(([name, { need, members }]) => [name, { need, members }]));

export const insidesInShort = {
  name: 'insides-in-short',
  setup({ onLoad }) {
    onLoad(
      { filter: /[\\/](insides[\\/]registry[\\/]registry|mock-server[\\/]wire[\\/]insides)\.ts$/ },
      async ({ path }) => {
        const tables = Object.entries(await loadTable(path)).map(([name, table]) => {
          const value = Array.isArray(table) ? table : inShort(table);
          return `export const ${name} = /* @__PURE__ */ JSON.parse(${JSON.stringify(JSON.stringify(value))});`;
        });
        return { contents: tables.join('\n') };
      },
    );
  },
};
