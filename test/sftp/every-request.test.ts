import { chmod, lstat, mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it, vi } from 'vitest';
import { ConnectionLost, TransferStalled } from '../../src/errors/index.ts';
import { openSftpClient } from '../../src/sftp/client/client.ts';
import type { SftpClient } from '../../src/sftp/client/client-types.ts';
import { download } from '../../src/sftp/down/download.ts';
import { lastingTempName } from '../../src/sftp/names/temp-name.ts';
import type { TransferOptions, TransferResult } from '../../src/sftp/transfer/options.ts';
import type { TransferProgress } from '../../src/sftp/transfer/progress.ts';
import { TransferRun } from '../../src/sftp/transfer/run.ts';
import { upload } from '../../src/sftp/up/upload.ts';
import type { SftpOpener } from '../../src/ssh2/sftp/requests.ts';
import { factsOf } from '../../src/windows/versions.ts';
import { memorySftp, where } from '../support/memory-sftp.ts';
import { localFolder } from '../support/mock-sftp.ts';

// What each call asks of the server, request by request, and what comes of it when one of them is refused, and when the
// caller or the connection ends it there. `npx vitest run --update=all` on this file records
// it anew: read what has changed.

/** Time passes where a test says so, and while somebody sleeps. */
const clock = vi.hoisted(() => {
  let at = 0;
  const timers = new Map<() => void, number>();
  return {
    now: () => at,
    async sleep(ms: number) {
      clock.pass(ms);
    },
    startTimer(ms: number, fire: () => void) {
      const timer = () => fire();
      timers.set(timer, at + ms);
      return () => timers.delete(timer);
    },
    pass(ms: number) {
      at += ms;
      for (const [fire, due] of timers) if (due <= at && timers.delete(fire)) fire();
    },
  };
});
vi.mock('../../src/time/timer.ts', async (original) => ({ ...(await original<object>()), ...clock }));

/** Those who listen for the failure of a transfer. */
const listening = { count: 0 };
const { onFailed } = TransferRun.prototype;
TransferRun.prototype.onFailed = function (listener) {
  listening.count++;
  const forget = onFailed.call(this, listener);
  let forgot = false;
  return () => {
    if (!forgot) listening.count--;
    forgot = true;
    forget();
  };
};

/** What each part of a call had under way. */
const flights = vi.hoisted(() => [] as { inFlight: number; roundTrip: number }[]);
vi.mock('../../src/sftp/flow/flight.ts', async (original) => {
  const { Flight } = await original<typeof import('../../src/sftp/flow/flight.ts')>();
  class Noted extends Flight {
    constructor(...options: ConstructorParameters<typeof Flight>) {
      super(...options);
      flights.push(this);
    }
  }
  return { Flight: Noted };
});

type Server = NonNullable<Parameters<typeof memorySftp>[0]>;

interface Scene {
  opener: SftpOpener;
  /** A folder of this machine. */
  local: string;
  signal: AbortSignal;
  /** What `onProgress` is told. */
  progress: TransferProgress[];
  /** Called when nothing more is asked. */
  after: Array<() => Promise<void>>;
}

interface Scenario {
  name: string;
  server?: Server;
  /** What is there here. */
  prepare?: (local: string) => Promise<void>;
  run: (scene: Scene) => Promise<unknown>;
  /** Paths here whose content is of interest. */
  shows?: readonly string[];
  /** What is written here before it is whole stays. How far that has come is a matter of the disk's speed. */
  staysHere?: boolean;
}

const text = (length: number) => 'abcdefghij'.repeat(Math.ceil(length / 10)).slice(0, length);
const content = text(1_500);
const tree = { '/t/': '', '/t/one': 'one', '/t/in/': '', '/t/in/two': 'two', '/t/big': content };

const ofRun = ({ signal, progress }: Pick<Scene, 'signal' | 'progress'>) => ({
  signal,
  onProgress: (now: TransferProgress) => void progress.push(now),
});

const up =
  (source: string | (() => Readable), options: TransferOptions = {}, path = '/a') =>
  ({ opener, ...here }: Scene) =>
    upload(opener, typeof source === 'string' ? Buffer.from(source) : source(), path, {
      ...options,
      ...ofRun(here),
    });

const upFolder =
  (options: TransferOptions = {}) =>
  ({ opener, local, ...here }: Scene) =>
    upload(opener, join(local, 's'), '/t', { concurrency: 1, ...options, ...ofRun(here) });

const down =
  (path: string, options: TransferOptions = {}, to = 'd') =>
  ({ opener, local, ...here }: Scene) =>
    download(opener, path, join(local, to), { concurrency: 1, ...options, ...ofRun(here) });

const calls =
  (work: (client: SftpClient, signal: AbortSignal) => Promise<unknown>) =>
  async ({ opener, signal, after }: Scene) => {
    const client = await openSftpClient(opener);
    after.push(() => client.close());
    return work(client, signal);
  };

async function someFiles(local: string): Promise<void> {
  await mkdir(join(local, 's/in'), { recursive: true });
  await writeFile(join(local, 's/one'), 'one');
  await writeFile(join(local, 's/in/two'), 'two');
  await writeFile(join(local, 's/big'), content);
  for (const path of ['s/one', 's/in/two', 's/big']) {
    await chmod(join(local, path), 0o640);
    await utimes(join(local, path), 7_000, 8_000);
  }
  for (const path of ['s/in', 's']) {
    await chmod(join(local, path), 0o750);
    await utimes(join(local, path), 5_000, 6_000);
  }
}

const megabyte = text(1_200_000);
const halves = [megabyte.slice(0, 600_000), Buffer.from(megabyte.slice(600_000))];
/** A checksum is worth a command. */
const large = { sums: true, maxRead: 500_000, maxWrite: 500_000 };
const posixOnly = { extensions: [] };
const part = lastingTempName('/a');

const scenarios: readonly Scenario[] = [
  { name: 'upload: a new file', run: up(content) },
  { name: 'upload: one that replaces another', server: { files: { '/a': 'old' } }, run: up(content) },
  { name: 'upload: in place', server: { files: { '/a': 'old' } }, run: up(content, { atomic: false }) },
  { name: 'upload: with a checksum', run: up(content, { verify: 'sha256' }) },
  { name: 'upload: unverified', run: up(content, { verify: false }) },
  {
    name: 'upload: where writes are taken in turn',
    server: { order: 'in turn', files: { '/a': 'old' } },
    run: up(content),
  },
  { name: 'upload: in order', run: up(content, { writesInOrder: true }) },
  {
    name: 'upload: the rest of a file',
    server: { files: { '/a': 'old', [part]: content.slice(0, 900) } },
    run: up(content, { resume: true }),
  },
  {
    name: 'upload: the rest of a file that has a hole',
    server: { files: { [part]: `${content.slice(0, 1_000)}${'\0'.repeat(300)}` } },
    run: up(content, { resume: true, preserve: true }),
  },
  {
    name: 'upload: beside what an earlier one has left',
    server: { files: { [part]: 'left' } },
    run: up(content),
  },
  {
    name: 'upload: beside what an earlier one has left for good',
    server: {
      files: { [part]: 'left' },
      tells: (told, of) => (of === 'fstat' ? { ...told, mtime: 90_000 } : told),
    },
    run: up(content),
  },
  {
    name: 'upload: of what is there',
    server: { ...large, files: { '/a': megabyte } },
    run: up(megabyte, { resume: true }),
  },
  {
    name: 'upload: the rest of a large file, with its times',
    server: { ...large, files: { [part]: megabyte.slice(0, -5_000) } },
    run: up(megabyte, { resume: true, verify: 'sha256', preserve: true }),
  },
  {
    name: 'upload: a large stream',
    server: large,
    run: up(() => Readable.from(halves), { verify: 'sha256' }),
  },
  { name: 'upload: through a link', server: { files: { '/a': '->/b', '/b': 'old' } }, run: up(content) },
  { name: 'upload: onto a folder', server: { files: { '/a/': '' } }, run: up(content) },
  { name: 'upload: into a folder that is not there', run: up(content, {}, '/in/a') },
  {
    name: 'upload: without posix-rename',
    server: { ...posixOnly, files: { '/a': 'old' } },
    run: up(content),
  },
  { name: 'upload: a stream', run: up(() => Readable.from([Buffer.from(content)])) },
  {
    name: 'upload: a stream in place with a checksum',
    run: up(() => Readable.from([Buffer.from(content)]), { verify: 'sha256', atomic: false }),
  },
  {
    name: 'upload: to Windows 8.1',
    server: { windows: factsOf('8.1'), files: { '/a': 'old' } },
    run: up(content, { preserve: true }),
  },
  {
    name: 'upload: to Windows 9.5',
    server: { windows: factsOf('9.5'), files: { '/a': 'old' } },
    run: up(content),
  },
  { name: 'upload: a folder', prepare: someFiles, run: upFolder() },
  {
    name: 'upload: a folder onto another',
    server: { files: { '/t/': '', '/t/one': 'old' } },
    prepare: someFiles,
    run: upFolder({ preserve: true }),
  },
  {
    name: 'upload: a folder where writes are taken in turn',
    server: { order: 'in turn' },
    prepare: someFiles,
    run: upFolder({ verify: false }),
  },
  {
    name: 'upload: a folder to Windows 9.5',
    server: { windows: factsOf('9.5') },
    prepare: async (local) => {
      await someFiles(local);
      await chmod(join(local, 's/one'), 0o440);
    },
    run: upFolder({ preserve: true }),
  },
  {
    name: 'upload: a read-only file to Windows 9.5',
    server: { windows: factsOf('9.5') },
    prepare: async (local) => {
      await writeFile(join(local, 'f'), content, { mode: 0o444 });
      await utimes(join(local, 'f'), 7_000, 8_000);
    },
    run: ({ opener, local, ...here }) =>
      upload(opener, join(local, 'f'), '/a', { preserve: true, ...ofRun(here) }),
  },
  { name: 'download: a small file', server: { files: tree }, run: down('/t/one'), shows: ['d'] },
  {
    name: 'download: a file',
    server: { files: tree },
    run: down('/t/big', { verify: 'sha256' }),
    shows: ['d'],
  },
  {
    name: 'download: one that replaces another',
    server: { files: tree },
    prepare: (local) => writeFile(join(local, 'd'), 'old', { mode: 0o600 }),
    run: down('/t/big'),
    shows: ['d'],
  },
  {
    name: 'download: in place, with its times',
    server: { files: tree },
    prepare: (local) => writeFile(join(local, 'd'), 'old', { mode: 0o600 }),
    run: down('/t/big', { atomic: false, preserve: true }),
    staysHere: true,
    shows: ['d'],
  },
  {
    name: 'download: with resume',
    server: { files: tree },
    prepare: (local) => writeFile(join(local, lastingTempName('d')), content.slice(0, 700)),
    run: down('/t/big', { resume: true }),
    staysHere: true,
    shows: ['d'],
  },
  {
    name: 'download: of what is there',
    server: { ...large, files: { '/a': megabyte } },
    prepare: (local) => writeFile(join(local, 'd'), megabyte),
    run: down('/a', { resume: true }),
    shows: ['d'],
  },
  {
    name: 'download: the rest of a large file',
    server: { ...large, files: { '/a': megabyte } },
    prepare: (local) => writeFile(join(local, lastingTempName('d')), megabyte.slice(0, -5_000)),
    run: down('/a', { resume: true, verify: 'sha256', preserve: true }),
    staysHere: true,
    shows: ['d'],
  },
  {
    name: 'download: where only the open file tells its size',
    server: {
      files: tree,
      tells: ({ size, ...told }, of) => (of === 'fstat' ? { ...told, ...(size && { size }) } : told),
    },
    run: down('/t/big'),
    shows: ['d'],
  },
  {
    name: 'download: where no size is told',
    server: { files: tree, maxRead: 2_000_000, tells: ({ size: _size, ...told }) => told },
    run: down('/t/big'),
    shows: ['d'],
  },
  {
    name: 'download: where no type is told',
    server: { files: tree, tells: ({ mode: _mode, ...told }) => told },
    run: down('/t'),
    shows: ['d/one', 'd/in/two', 'd/big'],
  },
  {
    name: 'download: through a link',
    server: { files: { ...tree, '/l': '->/t/big' } },
    run: down('/l'),
    shows: ['d'],
  },
  {
    name: 'download: from Windows 9.5',
    server: { windows: factsOf('9.5'), files: tree },
    run: down('/t/big'),
    shows: ['d'],
  },
  {
    name: 'download: a folder',
    server: { files: tree },
    run: down('/t'),
    shows: ['d/one', 'd/in/two', 'd/big'],
  },
  {
    name: 'download: a folder where no size is told',
    server: { files: tree, maxRead: 2_000_000, tells: ({ size: _size, ...told }) => told },
    run: down('/t'),
    shows: ['d/one', 'd/in/two', 'd/big'],
  },
  {
    name: 'download: a folder onto another, with its times',
    server: { files: { ...tree, '/t/link': '->/t/one' } },
    prepare: async (local) => {
      await mkdir(join(local, 'd/in'), { recursive: true });
      await writeFile(join(local, 'd/one'), 'old', { mode: 0o600 });
      await symlink('nowhere', join(local, 'd/big'));
    },
    run: down('/t', { preserve: true }),
    shows: ['d', 'd/one', 'd/in', 'd/in/two', 'd/big', 'd/link'],
  },
  {
    name: 'copy',
    server: { files: { '/a': content, '/b': 'old' } },
    run: calls((client, signal) => client.copy('/a', '/b', { signal })),
  },
  {
    name: 'copy: through us',
    server: { files: { '/a': content }, extensions: [], maxRead: 600_000 },
    run: calls((client, signal) => client.copy('/a', '/b', { signal })),
  },
  {
    name: 'readFile',
    server: { files: { '/a': content }, maxRead: 600_000 },
    run: calls(async (client, signal) => (await client.readFile('/a', { signal })).length),
  },
  {
    name: 'writeFile',
    server: { files: { '/a': 'old' } },
    run: calls((client, signal) => client.writeFile('/a', content, { signal, mode: 0o600 })),
  },
  {
    name: 'mkdir: with those above it',
    server: { files: { '/t/': '' } },
    run: calls((client, signal) => client.mkdir('/t/in/deep', { recursive: true, mode: 0o700, signal })),
  },
  {
    name: 'remove: a folder with all in it',
    server: { files: { ...tree, '/t/link': '->/' } },
    run: calls((client, signal) => client.remove('/t', { recursive: true, signal })),
  },
  {
    name: 'remove: a folder with all in it, on Windows 9.5',
    server: { windows: factsOf('9.5'), files: { ...tree, '/t/link': '->/' } },
    run: calls((client, signal) => client.remove('/t', { recursive: true, signal })),
  },
  {
    name: 'rename: where a name is not replaced',
    server: { files: { '/a': 'new', '/b': 'old' }, extensions: [] },
    run: calls((client, signal) => client.rename('/a', '/b', { signal })),
  },
  {
    name: 'list',
    server: { files: tree },
    run: calls(async (client, signal) => (await client.list('/t', { signal })).map(({ name }) => name)),
  },
];

const notWanted = new Error('not wanted any more');
const cut = new ConnectionLost('the line is cut', { ...where, phase: 'transfer', why: 'socket' });

interface Played {
  asked: readonly string[];
  /** How it ended. */
  end: string;
  /** What is there otherwise than before. */
  left: string;
}

/** How a request fares: a status, who ends the call when it arrives, or an answer that takes long, as the next one does. */
type Fate = number | 'aborted' | 'lost' | 'slow';

/** Plays a scenario, of which one request does not go well. */
async function play(scenario: Scenario, local: string, at?: number, fate?: Fate): Promise<Played> {
  const abort = new AbortController();
  const memory = memorySftp({
    ...scenario.server,
    refuse: (_request, index) => {
      if (index !== at) return undefined;
      if (typeof fate === 'number') return fate;
      if (fate === 'aborted') abort.abort(notWanted);
      if (fate === 'lost') memory.lost.declare(cut);
      return undefined;
    },
    onAnswer: (index) => {
      if (fate === 'slow' && at !== undefined && (index === at || index === at + 1)) clock.pass(40_000);
    },
    onOpen: () => {
      if (at === -1) abort.abort(notWanted);
    },
  });
  const here = (words: string) =>
    words.replaceAll(local, '~').replace(/(?<=\.)[0-9a-f]{8,12}(?=\.part)/g, 'x');
  const there = async () => [
    ...memory.told(),
    ...(await filesHere(local, scenario, fate !== undefined)).map(here),
  ];
  const before = await there();
  const scene = {
    opener: memory.opener,
    local,
    signal: abort.signal,
    progress: [] as TransferProgress[],
    after: [] as Scene['after'],
  };
  flights.length = 0;
  listening.count = 0;
  const end = await scenario.run(scene).then(
    (result) => (result === undefined ? 'done' : here(JSON.stringify(shortOf(result, scene.progress)))),
    (error) => here(inShort(error, !scenario.shows)),
  );
  await memory.quiet();
  // What is through is counted so, or the next file would have no room.
  if (end === 'done' || end.startsWith('{')) {
    for (const { inFlight } of flights) expect(inFlight).toBe(0);
    // A transfer has many files: none is listened for any more.
    expect(listening.count).toBe(0);
  }
  // Nothing stays open, and a session is given back where all went well.
  expect(memory.handles()).toEqual([]);
  for (const end of scene.after) await end();
  for (const { state, cutShort } of memory.sessions) {
    expect(state).not.toBe('open');
    // What cleans up is waited for.
    if (typeof fate === 'number')
      expect(cutShort.filter((request) => /^(?:remove|rename|posix) /.test(request))).toEqual([]);
  }
  return { asked: memory.asked.map(timeless), end, left: changes(before, await there()) };
}

/** The words of errors are tested elsewhere. */
function inShort(
  error: Error & { path?: string; reason?: string; retryable?: boolean; transferred?: number },
  counts: boolean,
): string {
  if (error === notWanted) return 'aborted';
  if (error === cut) return 'lost';
  if (error instanceof TransferStalled) return 'stalled';
  const { name, path, reason = error.message, retryable, transferred } = error;
  const behind = counts && transferred ? ` behind ${transferred} bytes` : '';
  return `${name}${path ? ` at ${path}` : ''}: ${reason}${behind}${retryable ? ' (retryable)' : ''}`;
}

function shortOf(result: unknown, progress: readonly TransferProgress[]): unknown {
  if (typeof result !== 'object' || !result || !('bytesPerSecond' in result)) return result;
  const { files, bytes } = result as TransferResult;
  const all = progress.map(({ transferred }) => transferred);
  expect(all).toEqual(all.toSorted((a, b) => a - b));
  return { files, bytes, last: progress.at(-1) };
}

/** When a file was read last depends on the file system. */
const timeless = (request: string) => request.replace(/ atime=\d+/, '').replace(/(?<=mtime=)\d{10}/, 'now');

function changes(before: readonly string[], after: readonly string[]): string {
  const come = after.filter((item) => !before.includes(item)).map((item) => `+ ${item}`);
  const pathOf = (item: string) => item.split(' ')[0];
  const gone = before.filter((item) => !after.some((other) => pathOf(other) === pathOf(item)));
  return [...come, ...gone.map((item) => `- ${pathOf(item)}`)].join(', ') || 'nothing changes';
}

async function filesHere(
  local: string,
  { shows = [], staysHere }: Scenario,
  fails: boolean,
): Promise<string[]> {
  if (shows.length === 0) return [];
  const names = (await readdir(local, { recursive: true })).sort();
  return Promise.all(
    names.map(async (name) => {
      const path = join(local, name);
      const stats = await lstat(path);
      if (!shows.includes(name) && stats.isDirectory()) return `~/${name}/`;
      const mode = stats.mode & 0o7777;
      const what = [
        ...(mode === (0o666 & ~process.umask()) ? [] : [mode.toString(8)]),
        ...(stats.isFile() && !(staysHere && fails) ? [short(await readFile(path, 'latin1'))] : []),
        ...(stats.mtimeMs < 2e9 ? [stats.mtimeMs / 1000] : []),
      ];
      return [`~/${name}`, ...what].join(' ');
    }),
  );
}

const short = (words: string) =>
  words.length > 12 ? `${words.slice(0, 4)}...${words.length}...${words.slice(-4)}` : words;

/** A read or write fails in one way only, and large files take long. */
const fatesOf = (request: string, isLarge = false): Fate[] =>
  isLarge || /^(?:read|write|close|mkdir|opendir|readdir) /.test(request)
    ? [4, 'aborted', 'lost']
    : [4, 3, 'aborted', 'lost'];

async function record(scenario: Scenario): Promise<string> {
  const { prepare, shows } = scenario;
  await using sources = await localFolder();
  await prepare?.(sources.path);
  const playHere = async (at?: number, fate?: Fate) => {
    // What nothing is written to can be used again.
    if (!shows) return await play(scenario, sources.path, at, fate);
    await using local = await localFolder();
    await prepare?.(local.path);
    return await play(scenario, local.path, at, fate);
  };
  const whole = await playHere();
  // Whoever ends it before it has begun is not heard by the server.
  expect((await playHere(-1)).asked).toEqual([]);
  const lines = [...inBrief(whole.asked), `=> ${whole.end}; ${whole.left}`];
  const stalls: string[] = [];
  for (const [at, request] of whole.asked.entries()) {
    const outcomes = new Map<string, Fate[]>();
    if (/^upload: (?!.*large)/.test(scenario.name) && (await playHere(at, 'slow')).end === 'stalled')
      stalls.push(request);
    for (const fate of fatesOf(request, scenario.server?.sums)) {
      const outcome = outcomeOf(whole, await playHere(at, fate), at);
      outcomes.set(outcome, [...(outcomes.get(outcome) ?? []), fate]);
    }
    lines.push(`${request}:`);
    for (const [outcome, fates] of outcomes)
      if (outcome !== 'lost; asks no more' && outcome !== 'the same; goes on')
        lines.push(`  ${fates.join(', ')}: ${outcome}`);
  }
  if (stalls.length === 0) return lines.join('\n');
  return [...lines, `stalls where the answers to these and the next take long: ${stalls.join(', ')}`].join(
    '\n',
  );
}

/** What comes of it when the request at this place does not go well. */
function outcomeOf(whole: Played, { asked, end, left }: Played, at: number): string {
  const then = asked.slice(at + 1);
  const goesOn = then.join() === whole.asked.slice(at + 1).join();
  return [
    end === whole.end ? 'the same' : end,
    ...(left === whole.left || end === 'lost' ? [] : [left]),
    goesOn ? 'goes on' : inBrief(then).join(' | ') || 'asks no more',
  ].join('; ');
}

/** A file of unknown length is read far ahead. */
const inBrief = (asked: readonly string[]) =>
  asked.filter(
    (_request, at) => !asked.slice(Math.max(0, at - 3), at + 1).every((each) => /^read /.test(each)),
  );

// Modes, links and names are those of POSIX.
it.skipIf(process.platform === 'win32').each(scenarios)(
  'sends the necessary requests, and cleans up wherever it fails: $name',
  async (scenario) => {
    expect(await record(scenario)).toMatchSnapshot();
  },
);
