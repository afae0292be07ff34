import { variableOf } from '../args/option-spec.ts';
import type { Settings } from '../args/settings.ts';
import { UsageError } from '../usage-error.ts';
import { inOurWords } from './library-words.ts';

/** Where the value of a library option comes from: a flag, or else a keyword of ssh_config. */
interface OptionSource {
  option: RegExp;
  flag?: string;
  keyword?: string;
  /** For what is an argument rather than an option. */
  says?: string;
}

const sources: readonly OptionSource[] = [
  { option: /^privateKeyPath\b/, flag: 'identity', keyword: 'IdentityFile' },
  { option: /^certificatePath\b/, keyword: 'CertificateFile' },
  { option: /^agent$/, keyword: 'IdentityAgent' },
  { option: /^passphrase$/, flag: 'passphrase-file', says: 'the passphrase' },
  { option: /^password$/, flag: 'password-file', says: 'the password' },
  { option: /^(?:gateway\.)?host$/, keyword: 'HostName', says: 'the destination' },
  { option: /^(?:gateway\.)?port$/, flag: 'port', keyword: 'Port' },
  { option: /^(?:gateway\.)?username$/, flag: 'user', keyword: 'User' },
  { option: /\bhostKey\.fingerprint\b/, flag: 'host-key' },
  { option: /\bhostKey\.alias$/, flag: 'host-key-alias', keyword: 'HostKeyAlias' },
  { option: /\bhostKey\.knownHosts\b/, flag: 'known-hosts', keyword: 'UserKnownHostsFile' },
  { option: /\bhostKey\.key\b/, says: 'the host key in the customers file' },
  { option: /\bkeepalive\b/, flag: 'keepalive', keyword: 'ServerAliveInterval' },
  { option: /\balgorithms\b/, keyword: 'Ciphers, MACs, KexAlgorithms or HostKeyAlgorithms' },
  { option: /^retry\.maxDelay$/, flag: 'max-delay' },
  { option: /^retry\.quiet$/, flag: 'quiet-after-zombie' },
  { option: /\battempts$/, flag: 'attempts', keyword: 'ConnectionAttempts' },
  { option: /^(?:listen\w+|target\.\w+)$/, flag: 'forward' },
  { option: /^cwd$/, flag: 'cwd' },
  { option: /^env\b/, flag: 'env' },
  { option: /^shell$/, flag: 'shell' },
  { option: /^encoding$/, flag: 'encoding' },
  { option: /^id$/, flag: 'id', says: 'ID' },
  { option: /^dir$/, flag: 'dir' },
  { option: /^key$/, flag: 'key', says: '--key' },
  { option: /^code$/, flag: 'customer', says: 'CODE' },
  { option: /^customers$/, flag: 'customers', says: 'the customers file' },
  { option: /^command\b/, says: 'the command' },
  { option: /^(?:remotePath|path)$/, says: 'REMOTE' },
  { option: /^(?:localPath|source)$/, says: 'LOCAL' },
];

/** A TypeError or RangeError of the library that names an option or call is due to a wrong value. Others are bugs. */
export function isWrongUse(error: unknown): error is Error {
  if (error instanceof UsageError) return true;
  const isRefusal = error instanceof TypeError || error instanceof RangeError;
  return isRefusal && /^(?:unknown option|options?\b|argument\b|localPath\b|\w+: )/i.test(error.message);
}

/** What is wrong, under the names that the user knows. */
export function wordsOfWrongUse(error: Error, settings?: Settings): string[] {
  if (error instanceof UsageError) return [error.message];
  const { message } = error;
  const [, missing] =
    /^option passphrase: missing, but the key in (?:option )?(.*?) is encrypted/.exec(message) ?? [];
  if (missing !== undefined) {
    const kind = isOfJump(message, settings) ? 'jump-passphrase' : 'passphrase';
    return [
      `the private key${fileIn(missing)} is encrypted, and its passphrase is missing`,
      `  hint: --ask-${kind}, --${kind}-file FILE or ${variableOf(kind)} gives it`,
    ];
  }
  const [, wrong] = /^option passphrase: wrong for the key in (?:option )?(.*?);/.exec(message) ?? [];
  if (wrong !== undefined) return [`the passphrase is wrong for the private key${fileIn(wrong)}`];
  const [, option = '', rest = ''] =
    /^(?:options?|argument) ([\w.[\]-]+)(?: \([^)]*\))?(?:: | )(.*)$/s.exec(message) ?? [];
  if (option === '') return [inOurWords(message).replace(/^fromSshConfig: (alias )?/, ofSshConfig)];
  const name = isOfJump(message, settings) ? settings!.sourceOf('jump-identity') : nameOf(option, settings);
  return [`${name}: ${inOurWords(rest)}${fileNote(message)}`];
}

/** An alias is what the user typed as a host. */
function ofSshConfig(_whole: string, alias?: string): string {
  return alias === undefined ? 'ssh_config: ' : 'the destination ';
}

/** Whether it is about the key file that only the jump hosts use. */
function isOfJump(message: string, settings: Settings | undefined): boolean {
  const file = settings?.text('jump-identity');
  return file !== undefined && file !== settings?.text('identity') && message.includes(file);
}

function nameOf(option: string, settings: Settings | undefined): string {
  const phase = /\btimeouts\.(\w+)/.exec(option)?.[1];
  const source = phase === undefined ? sources.find((one) => one.option.test(option)) : undefined;
  const flag = phase === undefined ? source?.flag : `${phase}-timeout`;
  if (flag !== undefined && settings?.isGiven(flag)) return settings.sourceOf(flag);
  if (source?.says !== undefined) return source.says;
  if (settings?.text('customer') !== undefined) return `customer ${settings.text('customer')}`;
  const keyword = phase === undefined ? source?.keyword : 'ConnectTimeout';
  if (keyword !== undefined) return `${keyword} of ssh_config`;
  return flag === undefined ? 'the arguments' : `--${flag}`;
}

function fileIn(option: string): string {
  const [, file] = /\((.*)\)/.exec(option) ?? [];
  return file === undefined ? '' : ` ${file}`;
}

/** Which file it was, if the sentence does not name it. */
function fileNote(message: string): string {
  const [, file] = /^option \w+ \(([^)]*[./\\][^)]*)\): /.exec(message) ?? [];
  if (file === 'jumpHost') return ' (of the jump host)';
  return file === undefined ? '' : ` (${file})`;
}
