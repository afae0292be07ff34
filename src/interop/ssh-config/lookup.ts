import { dirname, join } from 'node:path';
import { readOwnFile, whyUnread } from '../../files/own-file.ts';
import { expandPath } from '../../host-key/known-hosts/files.ts';
import { accountName, homeFolder } from '../../options/local-account.ts';
import { holds, type Subject } from './conditions.ts';
import { below, filesMatching } from './glob.ts';
import { parseConfig, type Setting } from './parse.ts';

/** What the configuration says about one host. */
export interface Found {
  readonly alias: string;
  /** Empty if the system does not provide it. */
  readonly localUser: string;
  /** The first value of each keyword; the keys are in lower case. */
  readonly values: ReadonlyMap<string, Setting>;
  readonly identityFiles: readonly string[];
  readonly certificateFiles: readonly string[];
}

/** Settings that apply before any file is read, as if given on a command line. */
export type GivenValues = Readonly<Record<string, string>>;

interface ConfigFile {
  path: string;
  /** The folder to which relative names in Include refer. */
  includes: string;
  required: boolean;
}

/** Same as OpenSSH's READCONF_MAX_DEPTH. */
const maxDepth = 16;

/** Reads the configuration for a host: the given file, or the user's and then the system-wide one. */
export async function lookUp(alias: string, file: string | undefined, given: GivenValues): Promise<Found> {
  const reading = new HostLookup(alias, given);
  const sources = sourcesFor(file);
  await reading.readAll(sources);
  if (reading.wantsFinal) {
    reading.final = true;
    await reading.readAll(sources);
  }
  return reading;
}

function sourcesFor(file: string | undefined): ConfigFile[] {
  const home = homeFolder();
  const ofUser = home === undefined ? undefined : join(home, '.ssh');
  if (file !== undefined) {
    const path = expandPath('file', file);
    return [{ path, includes: ofUser ?? dirname(path), required: true }];
  }
  const windows = process.platform === 'win32';
  const system = windows ? join(process.env['ProgramData'] ?? 'C:\\ProgramData', 'ssh') : '/etc/ssh';
  return [
    ...(ofUser === undefined ? [] : [{ path: join(ofUser, 'config'), includes: ofUser, required: false }]),
    { path: join(system, 'ssh_config'), includes: system, required: false },
  ];
}

class HostLookup implements Found {
  readonly alias: string;
  readonly localUser = accountName() ?? '';
  readonly values = new Map<string, Setting>();
  readonly #identityFiles = new Set<string>();
  readonly #certificateFiles = new Set<string>();
  wantsFinal = false;
  final = false;

  constructor(alias: string, given: GivenValues) {
    this.alias = alias;
    for (const [keyword, value] of Object.entries(given)) {
      this.values.set(keyword, { keyword, value, words: [value] });
    }
  }

  get identityFiles(): string[] {
    return [...this.#identityFiles];
  }

  get certificateFiles(): string[] {
    return [...this.#certificateFiles];
  }

  async readAll(sources: readonly ConfigFile[]): Promise<void> {
    for (const { path, includes, required } of sources)
      await this.#read(path, { includes, required, depth: 0 });
  }

  async #read(path: string, place: { includes: string; required: boolean; depth: number }): Promise<void> {
    if (place.depth > maxDepth) throw new TypeError(`fromSshConfig: ${path}: Include is nested too deeply`);
    const text = await readText(path, place.required);
    if (text === undefined) return;
    for (const { condition, settings } of parseConfig(text, path)) {
      if (condition && !holds(condition, this.#subject(), path)) continue;
      for (const setting of settings) {
        if (setting.keyword === 'include') await this.#include(setting, place);
        else this.#take(setting);
      }
    }
  }

  async #include(
    { words }: Setting,
    { includes, depth }: { includes: string; depth: number },
  ): Promise<void> {
    for (const word of words) {
      const pattern = below(includes, word.startsWith('~') ? expandPath('Include', word) : word);
      for (const path of await filesMatching(pattern)) {
        await this.#read(path, { includes, required: false, depth: depth + 1 });
      }
    }
  }

  #take(setting: Setting): void {
    const { keyword, value } = setting;
    if (keyword === 'identityfile') return void this.#identityFiles.add(value);
    if (keyword === 'certificatefile') return void this.#certificateFiles.add(value);
    if (this.values.has(keyword)) return;
    // Whichever of the two comes first excludes the other, even if it is `none`.
    if (keyword === 'proxycommand' && this.values.has('proxyjump')) return;
    if (keyword === 'proxyjump' && this.values.has('proxycommand')) return;
    this.values.set(keyword, setting);
  }

  #subject(): Subject {
    const { alias, localUser, final } = this;
    return {
      alias,
      localUser,
      final,
      host: hostNameOf(this),
      user: this.values.get('user')?.value ?? localUser,
      askForFinal: () => {
        this.wantsFinal = true;
      },
    };
  }
}

/** HostName with its tokens expanded, or the alias. OpenSSH continues in lower case. */
export function hostNameOf({ alias, values }: Pick<Found, 'alias' | 'values'>): string {
  const hostName = values.get('hostname')?.value;
  if (hostName === undefined) return alias;
  return hostName.replace(/%./g, (token) => {
    if (token === '%%') return '%';
    if (token === '%h') return alias;
    throw new TypeError(`fromSshConfig: HostName ${hostName}: ${token} is not known; known are %h and %%`);
  });
}

async function readText(path: string, required: boolean): Promise<string | undefined> {
  try {
    return (await readOwnFile(path)).toString();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!required && (code === 'ENOENT' || code === 'ENOTDIR')) return undefined;
    throw new TypeError(`fromSshConfig: ${path} cannot be read (${whyUnread(error)})`, { cause: error });
  }
}
