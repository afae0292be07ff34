import { saysMissing } from '../../sftp/names/missing.ts';
import { hinted } from '../../sftp/transfer/hinted.ts';
import { printable } from '../../text/printable.ts';
import { withConnection } from '../connect/open.ts';
import { isSaidElsewhere } from '../connect/where.ts';
import { exitCodes } from '../exit-codes.ts';
import { say } from '../io.ts';
import type { RemoteListEntry } from '../library.ts';
import { jsonText } from '../report/json.ts';
import { table } from '../report/table.ts';
import { stoppedWith } from '../stopped.ts';
import { UsageError } from '../usage-error.ts';
import type { CliCommand } from './command.ts';
import { afterDestination } from './positionals.ts';

const shared = {
  connects: true,
  exitCodes: [
    ['0', 'done'],
    ['1', 'the server refused: the reason is on stderr'],
    ['2', 'wrong use'],
    ['255', 'no connection, or it was lost'],
  ],
} as const;

export const lsCommand: CliCommand = {
  ...shared,
  name: 'ls',
  summary: 'List a folder on the PC, or one file',
  usage: ['ls [options] DESTINATION [REMOTE]'],
  about: [
    'Without REMOTE, the folder in which a login starts. One name per line. Names with characters that a terminal would interpret are shown escaped; --json gives the exact names. Times are in UTC.',
  ],
  options: [
    { name: 'long', help: 'also show type, permissions, size in bytes and time of last change' },
    { name: 'json', help: 'print JSON: name, type, size, mode, mtime' },
  ],
  examples: [
    ['what a robot left', 'ls --long pc-of-kim C:/rpa/out'],
    ['for a program', 'ls --json pc-of-kim C:/rpa/out'],
  ],
  async run(call) {
    const { settings, io } = call;
    const isHome = call.positionals.length === (isSaidElsewhere(call) ? 0 : 1);
    const { destination, values } = afterDestination(call, isHome ? [] : ['REMOTE']);
    const [path = '.'] = values;
    const entries = await withConnection(destination, call, async (connection) => {
      await using sftp = await connection.sftp({ signal: io.signal });
      const found = await sftp.stat(path, { signal: io.signal });
      if (found.type === 'directory') return await sftp.list(path, { signal: io.signal });
      return [{ ...found, name: path }];
    });
    if (settings.flag('json')) say(io.stdout, jsonText(entries));
    else for (const line of render(entries, settings.flag('long'))) say(io.stdout, line);
    return exitCodes.ok;
  },
};

function render(entries: readonly RemoteListEntry[], isLong: boolean): string[] {
  const nameOf = ({ name, type }: RemoteListEntry) =>
    `${printable(name, 1_000)}${type === 'directory' ? '/' : ''}`;
  if (!isLong) return entries.map(nameOf);
  const rows = entries.map((entry) => [
    entry.type,
    entry.mode.toString(8).padStart(4, '0'),
    String(entry.size),
    `${entry.mtime.toISOString().slice(0, 19)}Z`,
    nameOf(entry),
  ]);
  return table(['TYPE', 'MODE', 'SIZE', 'CHANGED', 'NAME'], rows, new Set([2]));
}

/** SFTP 3 has one status for everything that is missing; here, only the parent folder can be. */
function hintAtParents(error: unknown): unknown {
  if (!saysMissing(error) || error.hint !== undefined) return error;
  return hinted(error, 'The parent folder is missing: --parents creates it too.');
}

export const mkdirCommand: CliCommand = {
  ...shared,
  name: 'mkdir',
  summary: 'Create a folder on the PC',
  usage: ['mkdir [options] DESTINATION REMOTE'],
  about: ['Without --parents, the parent folder must exist and the folder itself must not.'],
  options: [
    {
      name: 'parents',
      help: 'create missing parent folders too, and accept a folder that exists (like mkdir -p; here -p is the port)',
    },
    { name: 'json', help: 'print JSON' },
  ],
  examples: [['with what is above it', 'mkdir --parents pc-of-kim C:/rpa/in/2026']],
  async run(call) {
    const { settings, io } = call;
    const { destination, values } = afterDestination(call, ['REMOTE']);
    const [path = ''] = values;
    if (/^[/\\]+$/.test(path)) throw new UsageError('REMOTE is the root folder, which always exists');
    let known = `stopped before the server was asked to create ${printable(path)}`;
    const making = withConnection(destination, call, async (connection) => {
      await using sftp = await connection.sftp({ signal: io.signal });
      known = `stopped: it is not known whether ${printable(path)} was created`;
      await sftp.mkdir(path, { recursive: settings.flag('parents'), signal: io.signal });
    });
    await making.catch((error) => {
      throw stoppedWith(settings.flag('parents') ? error : hintAtParents(error), { known });
    });
    if (settings.flag('json')) say(io.stdout, jsonText({ path }));
    return exitCodes.ok;
  },
};
