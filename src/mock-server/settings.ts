import type { ParsedKey } from 'ssh2';
import { wrongAs } from '../check/wrong.ts';
import { chooseHandler } from './commands/choose-handler.ts';
import { MockJobs } from './jobs/mock-jobs.ts';
import { describeHostKey, generatedKey, parseKey } from './keys.ts';
import { serverCheck } from './option-checks.ts';
import { extensionVersions, type SftpExtension } from './sftp/extensions.ts';
import type { MockAuthMethod, MockHostKey, MockServerOptions, MockUser } from './types.ts';
import { type WindowsSettings, windowsSettings } from './windows/personality.ts';

/** A user whose keys have been parsed. */
export interface MockAccount extends Omit<MockUser, 'publicKeys'> {
  keys: ParsedKey[];
  methods: MockAuthMethod[];
}

/** Options with their defaults, validated. */
export interface MockSettings {
  host: string;
  port: number;
  ident: string;
  hostKeys: (string | Buffer)[];
  hostKey: MockHostKey;
  hostKeyType: string;
  accounts: MockAccount[];
  maxAuthTries: number;
  maxSessions: number;
  local: boolean | 'refuse';
  remote: boolean | 'refuse';
  unixSockets: false | { bindUnlink: boolean };
  windows: WindowsSettings | undefined;
  sftpExtensions: Set<SftpExtension>;
  /** If absent, job scripts are ordinary commands. */
  jobs: MockJobs | undefined;
  options: MockServerOptions;
}

/** Only served if the options name it. */
const offeredIfAsked: SftpExtension = 'statvfs@openssh.com';

/** Validates the options before anything opens; throws a TypeError or RangeError that names the option. */
export function resolveSettings(options: MockServerOptions): MockSettings {
  serverCheck('options', options);
  const hostKeys = options.hostKeys ?? [generatedKey('host').privateKey];
  const parsed = hostKeys.map((key, index) => parseKey(key, `hostKeys[${index}]`));
  const first = parsed[0]!;
  const windows = windowsSettings(options);
  return {
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    ident: options.ident ?? (windows ? `OpenSSH_for_Windows_${windows.version}` : 'OpenSSH_9.9 mock'),
    hostKeys,
    hostKey: describeHostKey(first),
    hostKeyType: first.type,
    accounts: (options.users ?? [defaultUser()]).map(readUser),
    maxAuthTries: options.maxAuthTries ?? 6,
    maxSessions: options.maxSessions ?? 10,
    local: options.forwarding?.local ?? true,
    remote: options.forwarding?.remote ?? true,
    unixSockets: unixSockets(options.unixSockets ?? true),
    windows,
    sftpExtensions: chosenExtensions(options.sftpExtensions, windows),
    jobs: jobsFor(options, windows),
    options,
  };
}

function jobsFor(options: MockServerOptions, windows: MockSettings['windows']): MockJobs | undefined {
  if (options.jobs === false) return undefined;
  return new MockJobs((command) => chooseHandler(options, command), windows);
}

function defaultUser(): MockUser {
  return { username: 'rpa', password: 'rpa', publicKeys: [generatedKey('client').publicKey] };
}

function readUser(user: MockUser, index: number): MockAccount {
  const { publicKeys = [], ...rest } = user;
  const keys = publicKeys.map((key, at) => parseKey(key, `users[${index}].publicKeys[${at}]`));
  const methods: MockAuthMethod[] = [];
  if (keys.length > 0) methods.push('publickey');
  if (user.password !== undefined) methods.push('password');
  if (user.keyboardInteractive) methods.push('keyboard-interactive');
  for (const method of user.requires ?? [])
    if (!methods.includes(method))
      throw wrongAs(
        `users[${index}].requires`,
        `${method}, for which the user has no credentials,`,
        'its own',
      );
  return { ...rest, keys, methods };
}

function unixSockets(option: boolean | { bindUnlink?: boolean }): MockSettings['unixSockets'] {
  if (option === false) return false;
  return { bindUnlink: option === true ? false : (option.bindUnlink ?? false) };
}

function chosenExtensions(
  option: MockServerOptions['sftpExtensions'],
  windows: WindowsSettings | undefined,
): Set<SftpExtension> {
  if (Array.isArray(option)) return new Set(option);
  const all = Object.entries({ ...extensionsOf(windows), ...option }) as [SftpExtension, boolean][];
  return new Set(all.filter(([, isOn]) => isOn).map(([name]) => name));
}

/** With a Windows personality, those of its version. */
function extensionsOf(windows: WindowsSettings | undefined): Record<SftpExtension, boolean> {
  const offered = (name: string) => (windows ? name in windows.facts.extensions : name !== offeredIfAsked);
  const names = Object.keys(extensionVersions).map((name) => [name, offered(name)]);
  return Object.fromEntries(names) as Record<SftpExtension, boolean>;
}
