import { createHash } from 'node:crypto';
import { wrongAs, wrongType } from '../check/wrong.ts';
import { isJobId } from './job-id.ts';

const hashLength = 10;
const longest = 100;

/**
 * Builds a job id from the identity of a task: the same parts give the same id, different parts a different one.
 * Parts are joined by dots. Characters that an id cannot contain become `_`, and a hash of the parts is then appended
 * to keep it unique. Leave out what changes between attempts, so that a retry finds the job of the previous attempt.
 *
 * @example
 * jobId('billing', '2026-11-22'); // billing.2026-11-22
 * jobId('billing', 'scheduled__2026-11-22T00:00:00+00:00'); // billing.scheduled__2026-11-22T00_00_00_00_00-4f1d...
 *
 * @throws {TypeError} without parts, or for a part that is neither a non-empty string nor a finite number.
 */
export function jobId(...parts: ReadonlyArray<string | number>): string {
  const texts = parts.map((part) => textOf(part));
  if (texts.length === 0) throw wrongAs('argument parts', 'none', 'what the job is called by');
  const plain = texts.join('.');
  // A dot in a part would give two tasks the same id: 'a.b', 'c' and 'a', 'b.c'.
  if (isJobId(plain) && !texts.some((text) => text.includes('.'))) return plain;
  const hash = createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, hashLength);
  const readable = plain.replace(/[^A-Za-z0-9._-]+/g, '_').replace(/^[.-]/, '_');
  const id = `${readable.slice(0, longest - 1 - hashLength)}-${hash}`;
  // A name like `con.2026` is a device on Windows.
  return isJobId(id) ? id : `_${id}`.slice(-longest);
}

function textOf(part: unknown): string {
  const right = 'a non-empty string or a number';
  if (typeof part === 'number' && Number.isFinite(part)) return String(part);
  if (typeof part !== 'string' || part === '') throw wrongType('argument parts', part, right);
  return part;
}
