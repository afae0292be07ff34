import type SSHConfig from 'ssh-config';
import type { Line } from 'ssh-config';
import { loadSshConfig } from '../../load/on-demand.ts';
import { printable } from '../../text/printable.ts';

/** One setting of a configuration file. */
export interface Setting {
  /** In lower case. */
  readonly keyword: string;
  readonly words: readonly string[];
  /** The words as one text; for a ProxyCommand, exactly as written. */
  readonly value: string;
}

/** Settings with the condition under which they apply; a file's first section has none. */
interface Section {
  readonly condition?: Setting;
  readonly settings: readonly Setting[];
}

/**
 * Parses the text of an ssh_config file into its sections.
 *
 * @throws {TypeError} that names the file, for anything that would be read differently from OpenSSH.
 */
export function parseConfig(text: string, path: string): Section[] {
  refuseHashInWord(text, path);
  const reader = new SettingReader(text, path);
  const general: Setting[] = [];
  const sections: Section[] = [{ settings: general }];
  for (const line of linesOf(text, path)) {
    const setting = reader.read(line);
    if (setting === undefined) continue;
    if (!('config' in line)) general.push(setting);
    else sections.push({ condition: setting, settings: line.config.flatMap((l) => reader.read(l) ?? []) });
  }
  return sections;
}

/** The parser is loaded on demand: few programs that connect read a configuration. */
function linesOf(text: string, path: string): SSHConfig {
  const parser = loadSshConfig();
  try {
    return parser.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new TypeError(`fromSshConfig: ${path} cannot be read: ${why}`, { cause: error });
  }
}

/** `ssh-config` ends a value at every `#`, OpenSSH only at one that begins a word. */
function refuseHashInWord(text: string, path: string): void {
  for (const line of text.split('\n')) {
    if (/^\s*(#|proxycommand[\s=])/i.test(line)) continue;
    const unquoted = line.replace(/"(?:\\"|[^"])*"|'[^']*'/g, '""');
    const hash = /[^\s=]#/.exec(unquoted);
    const comment = unquoted.search(/\s#/);
    if (!hash || (comment >= 0 && comment < hash.index)) continue;
    throw new TypeError(
      `fromSshConfig: ${path}: put double quotes around what contains a "#": ${printable(line.trim())}`,
    );
  }
}

class SettingReader {
  #path: string;
  /** The ProxyCommand lines in order: their spaces and quotes matter to the program that is started. */
  #commands: string[];
  #commandsRead = 0;

  constructor(text: string, path: string) {
    this.#path = path;
    const lines = text.matchAll(/^[ \t]*proxycommand[ \t]*=?[ \t]*(.*)$/gim);
    this.#commands = [...lines].map(([, command]) => command!.trim());
  }

  read(line: Line): Setting | undefined {
    if (!('param' in line)) return undefined;
    const { param, separator } = line;
    const words =
      typeof line.value === 'string'
        ? [withoutQuotes(line.value)]
        : line.value.map(({ val }) => withoutQuotes(val));
    if (/\s/.test(param) || /[\r\n]/.test(separator) || words.join('') === '') {
      const name = param.trim().split(/\s/)[0];
      throw new TypeError(`fromSshConfig: ${this.#path}: ${name} has no value`);
    }
    const keyword = param.toLowerCase();
    const command = keyword === 'proxycommand' ? this.#commands[this.#commandsRead++] : undefined;
    return { keyword, words, value: command ?? words.join(' ') };
  }
}

/** OpenSSH accepts single quotes as well. */
function withoutQuotes(word: string): string {
  return /^'[^']*'$/.test(word) ? word.slice(1, -1) : word;
}
