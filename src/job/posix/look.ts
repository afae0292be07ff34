import { type HostCommand, type Look, maxPiece } from '../host/commands.ts';
import { answerOf, findFields, type JobRecord, parseFields, readRecord } from '../host/record.ts';
import type { HostResult, JobOffsets } from '../types.ts';
import { posixScript } from './script.ts';
import { library, list, look, pieces } from './scripts.generated.ts';

const blockSize = 65_536;

export function lookCommand(dir: string, id: string, from: JobOffsets | undefined): HostCommand<Look> {
  const variables = { action: 'look', dir, id };
  if (!from) {
    const { line, mark } = posixScript(variables, library, look);
    return { line, read: (result) => readLook(result, mark) };
  }
  const at = { stdout_at: position(from.stdout), stderr_at: position(from.stderr) };
  // One block more than needed: of the first, possibly only the last byte is used.
  const blocks = String(maxPiece / blockSize + 1);
  const { line, mark } = posixScript({ ...variables, ...at, blocks }, library, look, pieces);
  return { line, read: (result) => readPieces(result, mark) };
}

/** The offset, the number of whole blocks before it, and its position in its block, from 1 as `tail` counts. */
function position(offset: number): string {
  return `${offset} ${Math.floor(offset / blockSize)} ${(offset % blockSize) + 1}`;
}

function readLook(result: HostResult, mark: string): Look {
  const { fields, rest } = findFields(answerOf(result), mark);
  const record = fields.has('absent') ? undefined : readRecord(fields);
  return { record, stdout: rest, stderr: Buffer.alloc(0) };
}

function readPieces(result: HostResult, mark: string): Look {
  const found = readLook(result, mark);
  return found.record ? { ...found, stderr: findFields(result.stderr, mark).rest } : found;
}

export function listCommand(dir: string): HostCommand<Map<string, JobRecord>> {
  const { line, mark } = posixScript({ action: 'list', dir }, library, list);
  return { line, read: (result) => readList(result, mark) };
}

function readList(result: HostResult, mark: string): Map<string, JobRecord> {
  const { rest } = findFields(answerOf(result), mark);
  const lines = rest.toString('utf8').split('\n').filter(Boolean).map(parseFields);
  return new Map(lines.map((fields) => [fields.get('job') ?? '', readRecord(fields)]));
}
