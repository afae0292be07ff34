// Embeds the scripts that run on servers: the .ps1 and .sh files of each folder of src (and C#, which PowerShell
// compiles) become the strings in its scripts.generated.ts, without comments and indentation, which would only be
// transferred. With --check, nothing is written, and the exit code is 1 if a file is out of date.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** A script with this line is sent as a single line, because some login shells do not pass line breaks on. */
const oneLineMark = '# embed: one line';

/** A script with this line is read by people where it is stored, so it keeps its comments. */
const wholeMark = '# embed: whole';

/** The generated files, by path from the package's root. */
export function embed() {
  const scripts = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => ['.cs', '.ps1', '.sh'].includes(extname(file)))
    .sort();
  const folders = groupBy(scripts, dirname);
  return new Map(
    [...folders].map(([folder, files]) => [join('src', folder, 'scripts.generated.ts'), moduleOf(files)]),
  );
}

function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function moduleOf(files) {
  const head =
    '// Made from the scripts of this folder by scripts/embed-scripts.mjs: change those, then run `npm run embed`.\n';
  return head + files.map(constantOf).join('');
}

function constantOf(file) {
  const name = basename(file, extname(file)).replace(/-(.)/g, (_, letter) => letter.toUpperCase());
  const source = readFileSync(join(root, 'src', file), 'utf8').replaceAll('\r\n', '\n');
  const text = textOf(source);
  const literal = text.replace(/\\|`|\$\{/g, '\\$&');
  return `\n/** ${basename(file)} */\nexport const ${name} = \`${literal}\`;\n`;
}

function textOf(source) {
  if (source.includes(wholeMark)) return source.replace(/^# embed: whole\n/m, '');
  return source.includes(oneLineMark) ? oneLine(compact(source)) : compact(source);
}

function compact(script) {
  return script
    .replace(/^[ ]+/gm, '')
    .replace(/^(?:#|\/\/).*\n/gm, '')
    .replace(/\n{2,}/g, '\n')
    .replace(/^\n/, '');
}

/** After these words and characters, the shell continues by itself. */
const goesOn = /(?:^|[\s;])(?:do|then|else|in|\{|\()$|[|&]$|;;$/;

function oneLine(script) {
  const lines = script.trimEnd().split('\n');
  return lines.reduce((before, line) => before + (goesOn.test(before) ? ' ' : '; ') + line);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, text] of embed()) {
    const path = join(root, file);
    if (process.argv[2] !== '--check') writeFileSync(path, text);
    else if (readFileSync(path, 'utf8') !== text) {
      console.error(`${file} is not up to date: npm run embed`);
      process.exitCode = 1;
    }
  }
}
