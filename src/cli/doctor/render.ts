import { styleText } from 'node:util';
import type { Io } from '../io.ts';
import { inWords } from '../report/times.ts';
import { padded, widthOf } from '../report/width.ts';
import { wrap } from './layout.ts';
import { type Step, stepNames, type Verdict } from './steps.ts';
import type { Words } from './words/words.ts';

/** How the report looks: its language, its width, and whether in colour. */
export interface ReportStyle {
  words: Words;
  /** Columns. */
  width: number;
  colour: boolean;
}

/** As wide as the terminal; a file gets lines that would fit a terminal. */
export function lookOf({ stdout, env }: Pick<Io, 'stdout' | 'env'>, words: Words): ReportStyle {
  const given = stdout.isTTY ? stdout.columns : Number(env['COLUMNS']);
  return { words, width: Math.max(40, given || 120), colour: wantsColour(stdout.isTTY === true, env) };
}

/** https://no-color.org, and Node's FORCE_COLOR, which takes precedence. */
function wantsColour(isTerminal: boolean, env: Io['env']): boolean {
  const force = env['FORCE_COLOR'];
  if (force !== undefined) return force !== '0' && force !== 'false';
  return isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}

const colours = { ok: 'green', warn: 'yellow', fail: 'red', skipped: 'gray' } as const;
const timeWidth = 9;
/** The least number of columns for the text beside the table; with fewer, it goes below. */
const narrow = 36;

/** One step: mark, name, time, and what was found; below it, what to do. */
export function renderStep({ name, verdict, says, todo, hint, ms }: Step, look: ReportStyle): string[] {
  const { words } = look;
  const markWidth = Math.max(...Object.values(words.marks).map(widthOf));
  const titleWidth = Math.max(...stepNames.map((one) => widthOf(words.titles[one])));
  const time = ms === undefined ? '' : inWords(ms);
  const title = padded(words.titles[name], titleWidth);
  const tail = `  ${title}  ${time.padStart(timeWidth)}`;
  const head = paint(verdict, padded(words.marks[verdict], markWidth), look) + tail;
  const column = markWidth + widthOf(tail) + 2;
  const below = adviceOf(todo, hint);
  if (look.width - column < narrow) {
    const lines = [...wrap(says, look.width - 6), ...below.flatMap((part) => hanging(part, look.width - 6))];
    return [head.trimEnd(), ...lines.map((line) => `      ${line}`)];
  }
  const [first = '', ...rest] = wrap(says, look.width - column);
  const more = [...rest, ...below.flatMap((part) => hanging(part, look.width - column))];
  return [`${head}  ${first}`, ...more.map((line) => ' '.repeat(column) + line)];
}

/** What to do, and the library's hint unless it is included already. */
function adviceOf(todo: string | undefined, hint: string | undefined): string[] {
  const parts = [...(todo === undefined ? [] : [`-> ${todo}`])];
  return hint === undefined || todo?.includes(hint) ? parts : [...parts, `-> ${hint}`];
}

function hanging(text: string, width: number): string[] {
  return wrap(text, width - 3).map((line, index) => (index === 0 ? line : `   ${line}`));
}

/** All steps that were not reached, on one line. */
export function renderUnreached(found: readonly Step[], { words, ...look }: ReportStyle): string[] {
  const unreached = found.filter(({ says }) => says === words.skipped.notReached);
  if (unreached.length === 0) return [];
  const names = unreached.map(({ name }) => words.titles[name]).join(', ');
  const mark = paint('skipped', padded(words.marks.skipped, 4), { words, ...look });
  const [first = '', ...rest] = wrap(`${words.skipped.notReached}: ${names}`, look.width - 6);
  return [`${mark}  ${first}`, ...rest.map((line) => `      ${line}`)];
}

function paint(verdict: Verdict, text: string, { colour }: ReportStyle): string {
  return colour ? styleText(colours[verdict], text, { validateStream: false }) : text;
}

/** The last line: the overall result. */
export function renderSummary(found: readonly Step[], exitCode: number, { words }: ReportStyle): string {
  const { summary, titles } = words;
  const failed = found.find(({ verdict }) => verdict === 'fail');
  const warnings = found.filter(({ verdict }) => verdict === 'warn').length;
  if (failed) return summary.fails(titles[failed.name], exitCode);
  if (warnings === 0) return summary.works;
  return `${summary.warns(warnings)}${exitCode === 0 ? '' : summary.exitCode(exitCode)}.`;
}
