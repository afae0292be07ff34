import { type HostCommand, type Look, maxPiece } from '../host/commands.ts';
import { answerOf, findFields, type JobRecord, parseFields, readRecord } from '../host/record.ts';
import type { HostResult, JobOffsets } from '../types.ts';
import { library, posixScript } from './library.ts';

/** stdout comes behind the answer, stderr in the command's own stderr: no length has to be known in advance. */
const looker = `
if ! cd "$dir/$id" 2>/dev/null; then
  [ -d "$dir/$id" ] && { printf "the folder of job %s cannot be entered\\n" "$id" >&2; exit 77; }
  printf "%s absent=1\\n" "$mark"
  exit 0
fi
look "$mark"
`;

const pieces = `
# Prints file $1, which had $2 bytes, from offset $3 on: $4 blocks are passed over, then all bytes before number $5.
piece() {
  if [ "$2" -gt "$3" ]; then dd if="$1" bs=65536 skip="$4" count="$blocks" 2>/dev/null | tail -c "+$5"; fi
}
piece stdout "$out" $stdout_at
printf "%s\\n" "$mark" >&2
piece stderr "$err" $stderr_at >&2
`;

const lister = `
cd "$dir" 2>/dev/null || { printf "%s count=0\\n" "$mark"; exit 0; }
dir=$PWD
printf "%s count=1\\n" "$mark"
rm -rf "$dir"/.trash-*
for folder in "$dir"/*; do
  [ -d "$folder" ] && cd "$folder" && look "job=\${folder##*/}"
done
exit 0
`;

const blockSize = 65_536;

export function lookCommand(dir: string, id: string, from: JobOffsets | undefined): HostCommand<Look> {
  const variables = { action: 'look', dir, id };
  if (!from) {
    const { line, mark } = posixScript(variables, library, looker);
    return { line, read: (result) => readLook(result, mark) };
  }
  const at = { stdout_at: position(from.stdout), stderr_at: position(from.stderr) };
  // One more than needed: the first block may be used from its last byte on only.
  const blocks = String(maxPiece / blockSize + 1);
  const { line, mark } = posixScript({ ...variables, ...at, blocks }, library, looker, pieces);
  return { line, read: (result) => readPieces(result, mark) };
}

/** The offset, whole blocks before it, and the byte behind these, counted from 1 as `tail` does. */
function position(offset: number): string {
  return `${offset} ${Math.floor(offset / blockSize)} ${(offset % blockSize) + 1}`;
}

function readLook(result: HostResult, mark: string): Look {
  const { fields, rest } = findFields(answerOf(result), mark);
  const record = fields.has('absent') ? undefined : readRecord(fields);
  return { record, stdout: rest, stderr: Buffer.alloc(0) };
}

function readPieces(result: HostResult, mark: string): Look {
  const look = readLook(result, mark);
  return look.record ? { ...look, stderr: findFields(result.stderr, mark).rest } : look;
}

export function listCommand(dir: string): HostCommand<Map<string, JobRecord>> {
  const { line, mark } = posixScript({ action: 'list', dir }, library, lister);
  return { line, read: (result) => readList(result, mark) };
}

function readList(result: HostResult, mark: string): Map<string, JobRecord> {
  const { rest } = findFields(answerOf(result), mark);
  const lines = rest.toString('utf8').split('\n').filter(Boolean).map(parseFields);
  return new Map(lines.map((fields) => [fields.get('job') ?? '', readRecord(fields)]));
}
