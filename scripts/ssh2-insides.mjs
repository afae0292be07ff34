// Writes docs/internals/ssh2.md from the two tables of ssh2's internals: npm run docs:ssh2
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadTable } from './insides-in-short.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The page, generated from the tables of the client and of the mock server. */
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

This library uses ssh2 ${version}, exactly that version. It uses ${members(insides).size} undocumented members of it and
replaces ${replaced(insides).size} of them; the mock server uses ${members(serverInsides).size} and replaces ${replaced(serverInsides).size}. Each is listed here, and accessed only in
\`src/ssh2/insides\` (and \`src/mock-server/wire\`).

Each connection checks that they exist before it sends anything but its identification line. If one for **safety** is missing, the
connection is refused with \`HandshakeFailed\`; if one for **speed** is missing, everything works, but with more round
trips, more work or less detail, and \`DEBUG=ssh-via-gateway:connect\` says so in one line. The mock server
checks when it starts, and does not start if one of its own is missing. \`test/ssh2/insides.test.ts\` switches each of them off.

## The client

${tableOf(insides)}
Loaded separately, if they exist: ${files.map((file) => `\`${file}\``).join(', ')}.

## The mock server

${tableOf(serverInsides)}
## Updating ssh2

1. \`bash .ci/newest-ssh2\` runs the tests of connections, commands and files with the newest version, in a copy of this repository.
2. Read ssh2's changes to \`lib/client.js\`, \`lib/Channel.js\` and \`lib/protocol/\` with this page at hand: a fault that is
   fixed there is one row fewer here.
3. Set the exact version in package.json, run all of \`bash .ci/run\`, then
   \`npm run docs:ssh2\`.

Remove a row when the installed version no longer has any of its faults; a row for speed also when its figure no longer
justifies its lines.
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
