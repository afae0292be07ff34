import { createHash } from 'node:crypto';
import { SftpFailed, type SshError } from '../../src/errors/index.ts';
import { copyDataName, posixRename, posixRenameName } from '../../src/ssh2/sftp/extensions.ts';
import type { Answered, SftpHandle, SftpOpener, SftpRequests } from '../../src/ssh2/sftp/requests.ts';
import { openFlag, type SftpAttributes, type SftpName, statusCode } from '../../src/ssh2/sftp/wire.ts';
import { type WriteOrder, Writes } from '../../src/ssh2/sftp/write-order.ts';
import { LostSignal } from '../../src/ssh2/transport/lost.ts';
import type { WindowsFacts } from '../../src/windows/versions.ts';

interface Entry {
  mode: number | undefined;
  bytes: Buffer;
  mtime: number;
  target?: string;
}

interface MemoryOptions {
  /** Paths of files with their content, of links with `->` and where they lead, of folders with a slash at the end. */
  files?: Record<string, string | Buffer>;
  order?: WriteOrder;
  windows?: WindowsFacts;
  extensions?: readonly string[];
  maxRead?: number;
  maxWrite?: number;
  maxHandles?: number;
  /** Whether commands for checksums are run. */
  sums?: boolean;
  roundTrip?: number;
  /** What a request, as `asked` spells it, gets in the place of its answer: a status, or nothing at all. Called when it arrives. */
  refuse?: (request: string, index: number) => number | 'hang' | undefined;
  /** Called when a session is opened. */
  onOpen?: () => void;
  /** Called before a request is answered. */
  onAnswer?: (index: number) => void;
  /** Attributes as the server tells them. */
  tells?: (attributes: SftpAttributes, request: string) => SftpAttributes;
}

interface OwnSession {
  state: 'open' | 'closed' | 'released';
  handles: Set<number>;
  /** Requests without an answer, by number. */
  waiting: Set<number>;
  /** Those that had none when the session was closed. */
  cutShort: string[];
}

export const where = { host: 'pc', port: 22, hop: 'pc' };

const flagNames = { read: 'r', write: 'w', append: 'a', create: 'c', truncate: 't', exclusive: 'x' } as const;

/** Temporary names as tests may spell them: the one that is found again, one of a kind, and one for an old file. */
const plain = (text: string) =>
  text
    .replace(/\.[0-9a-f]{8}\.part/g, '.LAST')
    .replace(/\.[0-9a-f]{12}\.part/g, '.NEW')
    .replace(/\.[0-9a-f]{12}\.old/g, '.OLD');

function described({ mode, bytes, mtime, target }: Entry): string {
  const text = bytes.toString('latin1').replaceAll('\0', '0');
  const shown = text.length > 12 ? `${text.slice(0, 4)}...${text.slice(-4)}` : text;
  const content = target === undefined ? `${bytes.length}=${shown}` : `->${target}`;
  const time = mtime < 2_000 ? '' : ` ${mtime > 1e9 ? 'now' : mtime}`;
  return isFolderMode(mode) ? `/${time}` : ` ${((mode ?? 0) & 0o777).toString(8)} ${content}${time}`;
}

const tell = <T>(answer: Promise<T>, done: Answered<T>) =>
  void answer.then(
    (value) => done(undefined, value),
    (error) => done(error, undefined),
  );

const isFolderMode = (mode: number | undefined) => ((mode ?? 0) & 0o170000) === 0o040000;

/**
 * An SFTP server without a connection: it answers in a later turn, in the order in which it was asked, and notes each
 * request in short.
 */
export function memorySftp(options: MemoryOptions = {}) {
  const { extensions = [posixRenameName, copyDataName], order = 'free', maxRead = 1000 } = options;
  const entries = new Map<string, Entry>([['/', { mode: 0o040755, bytes: Buffer.alloc(0), mtime: 1000 }]]);
  const put = (path: string, entry: Partial<Entry>) =>
    entries.set(path, { mode: 0o100644, bytes: Buffer.alloc(0), mtime: 1000, ...entry });
  for (const [path, content] of Object.entries(options.files ?? {})) {
    if (path.endsWith('/')) put(path.slice(0, -1), { mode: 0o040755 });
    else if (typeof content === 'string' && content.startsWith('->'))
      put(path, { mode: 0o120777, target: content.slice(2) });
    else put(path, { bytes: Buffer.from(content) });
  }
  const asked: string[] = [];
  const sessions: OwnSession[] = [];
  const lost = new LostSignal();
  const leaving = new LostSignal();
  const works: Promise<unknown>[] = [];
  const findings = { writesOneByOne: false };
  let lastHandle = 0;
  const open = new Map<number, { path: string; append: boolean; listed: boolean }>();

  const failed = (status: number, operation: string, path?: string) =>
    new SftpFailed(`${operation} refused`, { ...where, phase: 'transfer', operation, path, status });
  const follow = (given: string): string => {
    const path = given.replace(/(?<=.)\/+$/, '');
    const target = entries.get(path)?.target;
    return target === undefined ? path : follow(target);
  };
  const folderOf = (path: string) => path.slice(0, Math.max(1, path.lastIndexOf('/')));
  const attributesOf = (entry: Entry, request: string): SftpAttributes => {
    const { mode, bytes, mtime } = entry;
    const told: SftpAttributes = {
      size: bytes.length,
      mtime,
      atime: mtime,
      ...(mode !== undefined && { mode }),
    };
    return options.tells?.(told, request) ?? told;
  };

  const session = (): SftpRequests => {
    const own: OwnSession = { state: 'open', handles: new Set(), waiting: new Set(), cutShort: [] };
    sessions.push(own);
    const hanging = new Set<(error: SshError) => void>();
    const ended = new LostSignal();
    let last: Promise<unknown> = Promise.resolve();
    const ask = <T>(operation: string, rest: string, work: () => T): Promise<T> => {
      const request = plain(`${operation}${rest}`);
      asked.push(request);
      const refusal = options.refuse?.(request, asked.length - 1);
      const isRefused = typeof refusal === 'number';
      const index = asked.length - 1;
      let outcome: () => T;
      try {
        if (ended.error) throw ended.error;
        // A file is closed even if that could not store all of it.
        if (isRefused && operation === 'close') work();
        if (isRefused) throw failed(refusal, operation);
        const result = refusal === 'hang' ? (undefined as T) : work();
        outcome = () => result;
      } catch (error) {
        outcome = () => {
          throw error;
        };
      }
      const answer = last.then(
        () =>
          new Promise<T>((resolve, reject) => {
            const settle = () => {
              options.onAnswer?.(index);
              if (ended.error) return reject(ended.error);
              try {
                resolve(outcome());
              } catch (error) {
                reject(error);
              }
            };
            if (refusal === 'hang' && !ended.error) hanging.add(reject);
            else setImmediate(settle);
          }),
      );
      own.waiting.add(index);
      last = answer.catch(() => {}).then(() => own.waiting.delete(index));
      return answer;
    };
    const id = (handle: SftpHandle) => Number(handle.toString());
    const fileOf = (handle: SftpHandle, operation: string) => {
      const found = open.get(id(handle));
      const entry = found && entries.get(found.path);
      if (!found || !entry) throw failed(statusCode.failure, operation);
      return { ...found, entry };
    };
    const need = (path: string, operation: string): Entry => {
      const entry = entries.get(path);
      if (!entry) throw failed(statusCode.noSuchFile, operation, path);
      return entry;
    };
    const needFolder = (path: string, operation: string) => {
      if (!isFolderMode(need(follow(folderOf(path)), operation).mode))
        throw failed(statusCode.failure, operation, path);
    };
    const newHandle = (path: string, append = false): SftpHandle => {
      open.set(++lastHandle, { path, append, listed: false });
      own.handles.add(lastHandle);
      return Buffer.from(String(lastHandle));
    };
    const set = (entry: Entry, { mode, mtime, size }: SftpAttributes) => {
      if (mode !== undefined) entry.mode = ((entry.mode ?? 0) & 0o170000) | mode;
      if (mtime !== undefined) entry.mtime = mtime;
      if (size !== undefined) entry.bytes = entry.bytes.subarray(0, size);
    };
    const bits = (attributes: SftpAttributes) =>
      Object.entries(attributes)
        .map(([name, value]) => ` ${name}=${name === 'mode' ? Number(value).toString(8) : value}`)
        .join('');
    const move = (from: string, to: string, replaces: boolean, operation: string) => {
      const entry = need(from, operation);
      const there = entries.get(to);
      if (there && (!replaces || isFolderMode(there.mode))) throw failed(statusCode.failure, operation, from);
      entries.delete(from);
      entries.set(to, entry);
    };
    const sftp: SftpRequests = {
      maxRead,
      maxWrite: options.maxWrite ?? 1000,
      maxHandles: options.maxHandles ?? 64,
      roundTrip: options.roundTrip ?? 0,
      receiveWindow: 16 * 1024 * 1024,
      windows: options.windows,
      writes: new Writes(order, findings),
      greeted: Promise.resolve(),
      small: {
        open: (path, flags, attributes, done) => tell(sftp.open(path, flags, attributes), done),
        fstat: (handle, done) => tell(sftp.fstat(handle), done),
        close: (handle, done) => tell(sftp.closeHandle(handle), done),
        posixRename: (from, to, done) => tell(posixRename(sftp, from, to), done),
      },
      busy: false,
      get ended() {
        return ended.error;
      },
      supports: (name) => extensions.includes(name),
      onEnded: (listener) => ended.onLost(listener),
      badEnd: () => failed(statusCode.failure, 'read'),
      open(path, flags, attributes = {}) {
        const names = Object.entries(flagNames).filter(([name]) => flags & openFlag[name as 'read']);
        const short = names.map(([, letter]) => letter).join('');
        return ask('open', ` ${path} ${short}${bits(attributes)}`, () => {
          needFolder(path, 'open');
          const real = follow(path);
          const there = entries.get(real);
          if (there && flags & openFlag.exclusive) throw failed(statusCode.failure, 'open', path);
          if (isFolderMode(there?.mode)) throw failed(statusCode.failure, 'open', path);
          if (!there) {
            if (!(flags & openFlag.create)) throw failed(statusCode.noSuchFile, 'open', path);
            put(real, { mode: 0o100000 | (attributes.mode ?? 0o644), mtime: 2000 });
          }
          if (there && flags & openFlag.truncate) there.bytes = Buffer.alloc(0);
          return newHandle(real, (flags & openFlag.append) !== 0);
        });
      },
      closeHandle: (handle) =>
        ask('close', ` #${id(handle)}`, () => {
          if (!open.delete(id(handle))) throw failed(statusCode.failure, 'close');
          own.handles.delete(id(handle));
        }),
      read(handle, position, length, done) {
        const end = Math.min(length, maxRead);
        ask('read', ` #${id(handle)} ${position}+${length}`, () =>
          Buffer.from(fileOf(handle, 'read').entry.bytes.subarray(position, position + end)),
        ).then(
          (bytes) => done(undefined, bytes.length > 0 ? [bytes] : undefined, bytes.length),
          (error) => done(error, undefined, 0),
        );
      },
      write(handle, position, { buffer, start, length }, done) {
        const bytes = Buffer.from(buffer.subarray(start, start + length));
        ask('write', ` #${id(handle)} ${position}+${length}`, () => {
          const { entry, append } = fileOf(handle, 'write');
          const at = append ? entry.bytes.length : position;
          const whole = Buffer.alloc(Math.max(entry.bytes.length, at + length));
          entry.bytes.copy(whole);
          bytes.copy(whole, at);
          entry.bytes = whole;
        }).then(() => done(undefined), done);
      },
      fstat: (handle) =>
        ask('fstat', ` #${id(handle)}`, () => attributesOf(fileOf(handle, 'fstat').entry, 'fstat')),
      fsetstat: (handle, attributes) =>
        ask('fsetstat', ` #${id(handle)}${bits(attributes)}`, () =>
          set(fileOf(handle, 'fsetstat').entry, attributes),
        ),
      stat: (path) => ask('stat', ` ${path}`, () => attributesOf(need(follow(path), 'stat'), `stat ${path}`)),
      lstat: (path) =>
        ask('lstat', ` ${path}`, () => attributesOf(need(path.toString(), 'lstat'), `lstat ${path}`)),
      setstat: (path, attributes) =>
        ask('setstat', ` ${path}${bits(attributes)}`, () => set(need(follow(path), 'setstat'), attributes)),
      opendir: (path) =>
        ask('opendir', ` ${path}`, () => {
          if (!isFolderMode(need(follow(path.toString()), 'opendir').mode))
            throw failed(statusCode.failure, 'opendir');
          return newHandle(follow(path.toString()));
        }),
      readdir: (handle) =>
        ask('readdir', ` #${id(handle)}`, (): SftpName[] | undefined => {
          const folder = open.get(id(handle));
          if (!folder) throw failed(statusCode.failure, 'readdir');
          if (folder.listed) return undefined;
          folder.listed = true;
          const inside = folder.path === '/' ? '/' : `${folder.path}/`;
          return [...entries]
            .filter(
              ([path]) => path.startsWith(inside) && path !== '/' && !path.slice(inside.length).includes('/'),
            )
            .map(([path, entry]) => {
              const name = path.slice(inside.length);
              return { raw: Buffer.from(name), name, attributes: attributesOf(entry, `list ${path}`) };
            });
        }),
      remove: (path) =>
        ask('remove', ` ${path}`, () => {
          if (isFolderMode(need(path.toString(), 'remove').mode)) throw failed(statusCode.failure, 'remove');
          entries.delete(path.toString());
        }),
      mkdir: (path, attributes = {}) =>
        ask('mkdir', ` ${path}${bits(attributes)}`, () => {
          const made = path.replace(/(?<=.)\/+$/, '');
          needFolder(made, 'mkdir');
          if (entries.has(made)) throw failed(statusCode.failure, 'mkdir', path);
          put(made, { mode: 0o040000 | (attributes.mode ?? 0o755) });
        }),
      rmdir: (path) =>
        ask('rmdir', ` ${path}`, () => {
          need(path.toString(), 'rmdir');
          if ([...entries.keys()].some((each) => each.startsWith(`${path}/`)))
            throw failed(statusCode.failure, 'rmdir');
          entries.delete(path.toString());
        }),
      realPath: (path) => ask('realpath', ` ${path}`, () => follow(path)),
      rename: (from, to) => ask('rename', ` ${from} ${to}`, () => move(from, to, false, 'rename')),
      readLink: (path) =>
        ask('readlink', ` ${path}`, () => {
          const { target } = need(path.toString(), 'readlink');
          if (target === undefined) throw failed(statusCode.failure, 'readlink');
          return target;
        }),
      symlink: (target, path) =>
        ask('symlink', ` ${target} ${path}`, () => void put(path, { mode: 0o120777, target })),
      extended: ({ operation, extension, fields }) => {
        const shown = fields.map((field) => (Buffer.isBuffer(field) ? `#${id(field)}` : String(field)));
        return ask(extension.replace('@openssh.com', ''), ` ${shown.join(' ')}`, () => {
          if (!extensions.includes(extension)) throw failed(statusCode.unsupported, operation);
          if (extension === posixRenameName) move(String(fields[0]), String(fields[1]), true, operation);
          if (extension === copyDataName) {
            const [from, at, length, to, behind] = fields as [Buffer, bigint, bigint, Buffer, bigint];
            const part = fileOf(from, 'copy').entry.bytes.subarray(Number(at), Number(at + length));
            const target = fileOf(to, 'copy').entry;
            target.bytes = Buffer.concat([target.bytes.subarray(0, Number(behind)), part]);
          }
          return undefined as never;
        });
      },
      cleanUp() {},
      release() {
        own.state = 'released';
      },
      async close() {
        own.state = 'closed';
        own.cutShort = [...own.waiting].map((index) => asked[index] ?? '');
        end(new SftpFailed('closed', { ...where, phase: 'transfer', operation: 'session' }));
      },
    };
    const end = (error: SshError) => {
      ended.declare(error);
      for (const reject of hanging) reject(error);
      for (const handle of own.handles) open.delete(handle);
    };
    lost.onLost(end);
    return sftp;
  };

  /** Answers a command of a shell for the checksum of the beginning of a file. */
  const sum = async (command: string) => {
    const [, length = '', path = ''] = /^head -c (\d+) '?([^' ]+)/.exec(command) ?? [];
    const request = plain(`sum ${path} ${length}`);
    asked.push(request);
    const index = asked.length - 1;
    const refusal = options.refuse?.(request, index);
    await new Promise((resolve) => setImmediate(resolve));
    options.onAnswer?.(index);
    const bytes = entries.get(path)?.bytes.subarray(0, Number(length));
    if (refusal !== undefined || !bytes) return { exitCode: 1, stdout: '' };
    return { exitCode: 0, stdout: `${createHash('sha256').update(bytes).digest('hex')}  ${path}` };
  };

  const opener: SftpOpener = {
    async openSftp() {
      options.onOpen?.();
      return session();
    },
    lost,
    leaving,
    chores: { add: (work) => void works.push(work) },
    where,
    run: options.sums ? sum : undefined,
    serverVersion: options.windows
      ? `SSH-2.0-OpenSSH_for_Windows_${options.windows.version}`
      : 'SSH-2.0-OpenSSH_9.9',
  };
  return {
    opener,
    session,
    asked,
    sessions,
    lost,
    leaving,
    findings,
    /** The files, with temporary names in short. */
    files: () => [...entries].filter(([, { mode }]) => !isFolderMode(mode)).map(([path]) => plain(path)),
    /** The same, with what is in them and their permissions. */
    told: () =>
      [...entries]
        .filter(([path]) => path !== '/')
        .map(([path, entry]) => plain(path) + described(entry))
        .sort(),
    content: (path: string) => entries.get(path)?.bytes.toString(),
    entry: (path: string) => entries.get(path),
    remove: (path: string) => entries.delete(path),
    put,
    /** Resolves when the transfers are over, and nothing more is asked. */
    async quiet() {
      await Promise.allSettled(works);
      for (let still = 0, seen = asked.length; still < 12; still++) {
        await new Promise((resolve) => setImmediate(resolve));
        if (asked.length !== seen) still = 0;
        seen = asked.length;
      }
    },
    /** Handles that are still open. */
    handles: () => [...open.keys()],
  };
}
