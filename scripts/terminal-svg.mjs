// Draws what a program wrote as a picture of a terminal: node scripts/terminal-svg.mjs OUT.svg 'TITLE' COMMAND [ARGUMENT ...]
// The picture is made of the program's real output; only the frame is ours.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const look = { width: 96, charWidth: 7.9, lineHeight: 19, padding: 16, bar: 30 };
const colours = {
  text: '#d7dde5',
  dim: '#8a94a3',
  ok: '#7fd48a',
  fail: '#ff7b72',
  warn: '#e3b341',
  bar: '#2b313b',
  back: '#1b1f27',
};

/** Columns that a text takes on a terminal: East Asian characters take two. */
export function columnsOf(text) {
  let columns = 0;
  for (const character of text) columns += isWide(character.codePointAt(0)) ? 2 : 1;
  return columns;
}

function isWide(code) {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xff00 && code <= 0xff60)
  );
}

/** Wraps a line at blanks to the terminal's width; continuation lines are aligned with the text of the column. */
export function wrap(line, width = look.width) {
  const indent = /^\s*[\d.]+ s {2}\w+ +/.exec(line)?.[0].length ?? 0;
  const lines = [''];
  for (const word of line.split(/(?<= )/)) {
    if (columnsOf(lines.at(-1) + word.trimEnd()) > width) lines.push(' '.repeat(indent));
    lines[lines.length - 1] += word;
  }
  return lines;
}

const xml = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

function colourOf(line) {
  if (/\bFAIL\b/.test(line)) return colours.fail;
  if (/\bcheck {4}ok\b|\bchecks passed$/.test(line)) return colours.ok;
  if (/_TIMEOUT|vanishes/.test(line)) return colours.warn;
  return line.startsWith('$') ? colours.dim : colours.text;
}

/** `output` as an SVG picture of a terminal window. */
export function terminalSvg(title, output) {
  const lines = output
    .trimEnd()
    .split('\n')
    .flatMap((line) => wrap(line));
  const { width, charWidth, lineHeight, padding, bar } = look;
  const [w, h] = [Math.round(width * charWidth) + 2 * padding, bar + lines.length * lineHeight + 2 * padding];
  const rows = lines.map((line, at) => {
    const y = bar + padding + at * lineHeight + 13;
    return `<text x="${padding}" y="${y}" fill="${colourOf(line)}" xml:space="preserve">${xml(line)}</text>`;
  });
  const lights = ['#ff5f57', '#febc2e', '#28c840'].map(
    (colour, at) => `<circle cx="${20 + at * 18}" cy="15" r="5.5" fill="${colour}"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" role="img" aria-label="${xml(title)}">
<rect width="${w}" height="${h}" rx="8" fill="${colours.back}"/>
<path d="M0 8a8 8 0 0 1 8-8h${w - 16}a8 8 0 0 1 8 8v${bar - 8}H0z" fill="${colours.bar}"/>
${lights.join('')}
<text x="${w / 2}" y="20" text-anchor="middle" fill="${colours.dim}" font-family="sans-serif" font-size="13">${xml(title)}</text>
<g font-family="ui-monospace, 'SFMono-Regular', Menlo, Consolas, 'D2Coding', 'Noto Sans Mono CJK KR', monospace" font-size="13">
${rows.join('\n')}
</g>
</svg>
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [out, title, command, ...args] = process.argv.slice(2);
  const { stdout, status, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ended with ${status}:\n${stdout}`);
  writeFileSync(out, terminalSvg(title, `$ ${title}\n${stdout}`));
}
