// Writes docs/internals/ssh2.md from the two tables of ssh2's insides: npm run docs:ssh2
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadTable } from './insides-in-short.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The page, made from the tables of the client and of the mock server. */
export function pageOf(insides, files, serverInsides, version) {
  const members = (table) =>
    new Set(
      Object.values(table).flatMap((row) => [
        ...Object.keys(row.members),
        ...(row.later ?? []),
        ...(row.replaced ?? []),
      ]),
    );
  const replaced = (table) => new Set(Object.values(table).flatMap((row) => row.replaced ?? []));
  return `# ssh2's insides

<!-- Made by \`npm run docs:ssh2\` from src/ssh2/insides/registry and src/mock-server/wire/insides.ts; do not edit. -->

This library stands on ssh2 ${version}, that version exactly. It uses ${members(insides).size} members of it that ssh2 does not document and
replaces ${replaced(insides).size} of them; the mock server uses ${members(serverInsides).size} and replaces ${replaced(serverInsides).size}. Each is listed here, and reached only from
\`src/ssh2/insides\` (and \`src/mock-server/wire\`).

Each connection looks whether they are there before it sends anything. Where one that serves **safety** is missing, the
connection is refused with \`HandshakeFailed\`; where one that serves **speed** is missing, everything works with more round
trips, more work or fewer words, and \`DEBUG=ssh-via-gateway:connect\` says so in one line. The mock server
looks when it starts, and does not start without one of its own. \`test/ssh2/insides.test.ts\` switches each of them off.

## The client

${tableOf(insides)}
Loaded one by one, where they exist: ${files.map((file) => `\`${file}\``).join(', ')}.

## The mock server

${tableOf(serverInsides)}
## To update ssh2

1. \`bash .ci/newest-ssh2\` runs the tests of connections, commands and files with the newest version, in a copy.
2. Read ssh2's changes to \`lib/client.js\`, \`lib/Channel.js\` and \`lib/protocol/\` with this page at hand: a fault that is
   mended there is a row less here.
3. Set the exact version in package.json, run all of \`bash .ci/run\`, and then
   \`npm run docs:ssh2\`.

A row may go when all its faults are gone from the version that is installed; a row that serves speed also when its figure
is no longer worth its lines.
`;
}

function tableOf(table) {
  return Object.entries(table)
    .map(([name, row]) => sectionOf(name, row))
    .join('\n');
}

function sectionOf(name, row) {
  const replaced = new Set(row.replaced ?? []);
  const paths = [...new Set([...Object.keys(row.members), ...(row.later ?? []), ...replaced])];
  const shown = paths.map((path) => `\`${path}\`${replaced.has(path) ? ' (replaced)' : ''}`);
  const lines = [
    `### ${name}: ${row.need}`,
    '',
    `- **For:** ${row.use}`,
    `- **ssh2:** ${row.fault}`,
    `- **Source:** ${row.source}`,
    ...(row.figure ? [`- **Brings:** ${row.figure}`] : []),
    `- **Members:** ${shown.join(', ')}`,
    `- **Test:** \`${row.test}\``,
    '',
  ];
  return lines.join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { insides, files } = await loadTable('src/ssh2/insides/registry/registry.ts');
  const { serverInsides } = await loadTable('src/mock-server/wire/insides.ts');
  const { default: manifest } = await import('../package.json', { with: { type: 'json' } });
  writeFileSync(
    `${root}docs/internals/ssh2.md`,
    pageOf(insides, files, serverInsides, manifest.dependencies.ssh2),
  );
}
