import { type Checks, checkBag, object, required } from '../check/options.ts';
import {
  atLeast,
  between,
  type Check,
  callback,
  each,
  flag,
  kinds,
  limit,
  listOf,
  oneOf,
  orInfinity,
  portOrZero,
  string,
  stringOrBytes,
  text,
  whole,
} from '../check/values.ts';
import { windowsVersions } from '../windows/versions.ts';
import { faultsCheck } from './faults/fault-checks.ts';
import type { MockPcOptions } from './gateway/gateway-types.ts';
import { extensionVersions } from './sftp/extensions.ts';
import type {
  MockAlgorithms,
  MockCommand,
  MockServerOptions,
  MockUser,
  WindowsPersonality,
} from './types.ts';

const names = each(text('the name of an algorithm'), 'an array of algorithm names');
const algorithms: Checks<MockAlgorithms> = {
  kex: names,
  serverHostKey: names,
  cipher: names,
  hmac: names,
  compress: names,
};

const prompt = object<{ prompt: string; echo?: boolean }>({ prompt: required(string), echo: flag });
const prompts = each(
  kinds({ string, object: prompt }, 'a string or an object'),
  'an array of prompts, one for each answer,',
);
const user: Checks<MockUser> = {
  username: required(text('the name of an account')),
  password: string,
  publicKeys: each(stringOrBytes, 'an array of public keys'),
  keyboardInteractive: object<NonNullable<MockUser['keyboardInteractive']>>({
    prompts: required(prompts),
    answers: required(each(string, 'an array of answers, one for each prompt,')),
  }),
  requires: each(oneOf('publickey', 'password', 'keyboard-interactive'), 'an array of ways to log in'),
};

const command: Checks<MockCommand> = {
  stdout: stringOrBytes,
  stderr: stringOrBytes,
  exitCode: whole(0, 0xff_ff_ff_ff),
  signal: text("the name of a signal, such as 'TERM'"),
  delayMs: limit(0),
  echoStdin: flag,
};
const commandOrHandler = kinds(
  { function: callback, object: object(command) },
  'an object such as { stdout, exitCode }, or a function',
);
/** The names are the user's own; each value is a command. */
const commands: Check = (name, value) => {
  checkBag(name, value, 'an object with a command each, or a function');
  for (const [line, one] of Object.entries(value)) commandOrHandler(`${name}.${line}`, one);
};

const extension = oneOf(...Object.keys(extensionVersions));
const extensionFlags = object(
  Object.fromEntries(Object.keys(extensionVersions).map((name) => [name, flag])) as Checks<
    Partial<Record<string, boolean>>
  >,
);

const windows: Checks<WindowsPersonality> = {
  version: oneOf(...windowsVersions),
  account: oneOf('administrator', 'standard'),
  languageMode: oneOf('FullLanguage', 'ConstrainedLanguage'),
  codePage: whole(1, 65_535),
  atomicRename: flag,
};

const ways = oneOf(true, false, 'refuse');
const server: Checks<MockServerOptions> = {
  host: text('an address of this machine'),
  port: portOrZero,
  ident: text('what follows SSH-2.0- in the identification line'),
  hostKeys: listOf(stringOrBytes, 'a non-empty array of private keys'),
  algorithms: object(algorithms),
  users: each(object(user), 'an array of users'),
  maxAuthTries: orInfinity(atLeast(1)),
  exec: kinds({ function: callback, object: commands }, 'an object with a command each, or a function'),
  shell: kinds({ function: callback, boolean: oneOf(false) }, 'a function or false'),
  sftp: kinds(
    {
      string: oneOf('memory', false),
      boolean: oneOf('memory', false),
      object: object<{ root?: string }>({ root: text('the path of a folder') }),
    },
    "'memory', an object or false",
  ),
  jobs: flag,
  sftpExtensions: kinds(
    { array: each(extension), object: extensionFlags },
    'an array of extensions, or an object with true or false each',
  ),
  maxSessions: orInfinity(atLeast(0)),
  forwarding: object<NonNullable<MockServerOptions['forwarding']>>({ local: ways, remote: ways }),
  unixSockets: kinds(
    { boolean: flag, object: object<{ bindUnlink?: boolean }>({ bindUnlink: flag }) },
    'true, false or an object',
  ),
  windows: kinds({ boolean: flag, object: object(windows) }, 'true, false or an object'),
  loginBanner: string,
  greeting: string,
  faults: faultsCheck,
};
const pc: Checks<MockPcOptions> = { port: portOrZero, server: object(server) };

/** What an exec handler may return, besides an exit code or output. */
export const commandCheck: Check = object(command);
export const serverCheck: Check = object(server);
export const pcCheck: Check = object(pc);
export const vanishCheck: Check = object<{ zombieFor?: number; wakes?: boolean }>({
  zombieFor: limit(0),
  wakes: flag,
});
export const returnCheck: Check = object<{ delayMs?: number }>({ delayMs: between(0, 2 ** 31 - 1) });
export const holdCheck: Check = object<{ share?: string[] }>({
  share: each(oneOf('read', 'write', 'delete')),
});
export const waitCheck: Check = object<{ timeoutMs?: number }>({ timeoutMs: limit(0) });
