import { inWords } from '../report/times.ts';
import { type Step, steps } from './steps.ts';

const marks = { ok: 'ok  ', warn: 'WARN', fail: 'FAIL', skipped: '-   ' };
const titleWidth = Math.max(...Object.values(steps).map(({ title }) => title.length));

/** One step: mark, name, time, and what was found; below it, what to do. */
export function renderStep({ name, verdict, says, todo, ms }: Step): string[] {
  const time = ms === undefined ? '' : inWords(ms);
  const line = `${marks[verdict]}  ${steps[name].title.padEnd(titleWidth)}  ${time.padStart(9)}  ${says}`;
  const indent = ' '.repeat(titleWidth + 19);
  return todo === undefined ? [line] : [line, ...wrap(`-> ${todo}`, 90).map((part) => indent + part)];
}

/** The last line: what it comes to. */
export function renderSummary(found: readonly Step[], exitCode: number): string {
  const failed = found.find(({ verdict }) => verdict === 'fail');
  const warnings = found.filter(({ verdict }) => verdict === 'warn').length;
  const words = warnings === 1 ? '1 warning' : `${warnings} warnings`;
  if (failed) return `It does not work: ${steps[failed.name].title} (exit code ${exitCode}).`;
  if (warnings > 0) return `It works, with ${words}${exitCode === 0 ? '' : ` (exit code ${exitCode})`}.`;
  return 'Everything works.';
}

function wrap(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line !== '' && line.length + word.length >= width) lines.push(`   ${word}`);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}
