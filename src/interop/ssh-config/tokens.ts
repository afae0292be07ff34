import { hostname } from 'node:os';
import { expandPath } from '../../host-key/known-hosts/files.ts';
import { homeFolder } from '../../options/local-account.ts';
import { printable } from '../../text/printable.ts';

/** The values of the percent tokens in paths. */
export interface TokenValues {
  readonly alias: string;
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly localUser: string;
  readonly hostKeyAlias: string | undefined;
}

/**
 * A path with `%` tokens, `${VARIABLES}` and a leading `~` expanded, as OpenSSH does for IdentityFile, IdentityAgent
 * and the known_hosts files.
 *
 * @throws {TypeError} for an unknown token or variable.
 */
export function expandedPath(keyword: string, path: string, values: TokenValues): string {
  const meaning = meanings(values);
  const expanded = path.replace(/%.?|\$\{([^{}]*)(\}?)/g, (token, variable?: string, end?: string) => {
    const isOpen = variable !== undefined && end === '';
    const value = variable === undefined ? meaning[token]?.() : process.env[variable];
    if (value !== undefined && !isOpen) return value;
    const why = isOpen ? 'a ${ is never closed' : unknown(token, variable, Object.keys(meaning));
    throw new TypeError(`fromSshConfig: ${keyword} ${printable(path)}: ${why}`);
  });
  return expanded.startsWith('~') ? expandPath(keyword, expanded) : expanded;
}

/** Undefined for what this process does not know about itself. */
function meanings(values: TokenValues): Record<string, () => string | undefined> {
  return {
    '%%': () => '%',
    '%d': () => homeFolder(),
    '%h': () => values.host,
    '%i': () => process.getuid?.().toString(),
    '%k': () => values.hostKeyAlias ?? values.alias,
    '%L': () => hostname().split('.')[0] ?? '',
    '%l': () => hostname(),
    '%n': () => values.alias,
    '%p': () => String(values.port),
    '%r': () => values.username,
    '%u': () => values.localUser || undefined,
  };
}

function unknown(token: string, variable: string | undefined, known: readonly string[]): string {
  if (variable !== undefined) return `the environment variable ${printable(variable)} is not set`;
  return `${token} is not supported; supported are ${known.join(' ')}`;
}
