import type { Readable } from 'node:stream';
import type { JournalEvent } from '../journal.ts';

/** What a job script asks for: the values with which it begins. */
export interface JobScript {
  system: 'posix' | 'windows';
  values: Record<string, string>;
}

const mark = 'ssh-via-gateway:';

/** Whether a closer look is worth while; takes nothing from stdin. */
export function mayBeJobScript(command: string): boolean {
  return command.startsWith('exec /bin/sh -c ') || command.startsWith('powershell ');
}

/** Recognises a job script in a command; undefined for any other command, whose stdin is left intact. */
export async function readJobScript(command: string, stdin: Readable): Promise<JobScript | undefined> {
  const words = /^exec \/bin\/sh -c (.*)$/s.exec(command)?.[1];
  if (words !== undefined) return recognise('posix', readPosix(linesOf(words)));
  const encoded = /^powershell .*-EncodedCommand ([A-Za-z0-9+/=]+)$/.exec(command)?.[1];
  if (encoded === undefined) return undefined;
  const code = Buffer.from(encoded, 'base64').toString('utf16le');
  const length = Number(/^\$n=(\d+)$/m.exec(code)?.[1]);
  if (!length) return undefined;
  const sent = await take(stdin, length);
  const script = recognise(
    'windows',
    readPowerShell(Buffer.from(sent.toString('latin1'), 'base64').toString('utf8')),
  );
  if (!script && sent.length > 0) stdin.unshift(sent);
  return script;
}

/** The journal's entry for it. */
export function journalOf({ values }: JobScript): JournalEvent {
  const { action, id, command } = values;
  return {
    type: 'job',
    action: actions.find((one) => one === action) ?? 'list',
    ...(id === undefined ? {} : { id }),
    ...(command === undefined ? {} : { command }),
  };
}

const actions = ['start', 'look', 'kill', 'remove'] as const;

function recognise(system: JobScript['system'], values: Record<string, string>): JobScript | undefined {
  return values['action'] && values['mark']?.startsWith(mark) ? { system, values } : undefined;
}

/** A script whose lines are passed as words, after the code that joins them and the name `sh`. */
function linesOf(words: string): string {
  const [, , ...lines] = words.match(/(?:[^\s'\\]|'[^']*'|\\.)+/g) ?? [];
  return lines.map((word) => word.replace(/'([^']*)'|\\(.)/g, '$1$2')).join('\n');
}

/** Lines of the form `name=word`. */
function readPosix(script: string): Record<string, string> {
  const line = /(\w+)=((?:'[^']*'|\\'|"[^"]*"|[^\s'"\\])*)\n/y;
  return readLines(script, line, (word) => word.replace(/'([^']*)'|\\(')/g, '$1$2'));
}

/** Lines of the form `$name='literal'`. */
function readPowerShell(script: string): Record<string, string> {
  const line = /\$(\w+)='((?:[^'\u2018-\u201b]|['\u2018-\u201b]{2})*)'\n/y;
  return readLines(script, line, (text) => text.replace(/(['\u2018-\u201b])['\u2018-\u201b]/g, '$1'));
}

function readLines(script: string, line: RegExp, unquote: (text: string) => string): Record<string, string> {
  const values: Record<string, string> = {};
  for (let found = line.exec(script); found; found = line.exec(script)) {
    values[found[1] ?? ''] = unquote(found[2] ?? '');
  }
  return values;
}

/** The first `length` bytes of a stream, or fewer if it ends. Later readers find the stream intact. */
function take(stream: Readable, length: number): Promise<Buffer> {
  return new Promise((resolve) => {
    const finish = (taken: Buffer) => {
      stream.off('readable', onReadable).off('close', onClose);
      // A stream only forgets on its next tick that someone has listened for `readable`.
      setImmediate(() => resolve(taken));
    };
    const onClose = () => finish(Buffer.alloc(0));
    // Exactly this many bytes: asking for more would end a stream that has no more.
    const onReadable = () => {
      const taken = stream.read(length) as Buffer | null;
      if (taken) finish(taken);
    };
    stream.on('readable', onReadable).once('close', onClose);
  });
}
