import { windowsVersions } from '../windows/versions.ts';
import { anything, type Names, type Spec } from './check-names.ts';
import { faultsSpec } from './faults/fault-names.ts';
import type { MockPcOptions } from './gateway/gateway-types.ts';
import { extensionVersions } from './sftp/extensions.ts';
import type {
  MockAlgorithms,
  MockCommand,
  MockServerOptions,
  MockUser,
  WindowsPersonality,
} from './types.ts';

const algorithms: Names<MockAlgorithms> = {
  kex: anything,
  serverHostKey: anything,
  cipher: anything,
  hmac: anything,
  compress: anything,
};
const prompt: Spec = { text: true, names: { prompt: anything, echo: anything } };
const user: Names<MockUser> = {
  username: anything,
  password: anything,
  publicKeys: anything,
  keyboardInteractive: { names: { prompts: { each: prompt }, answers: anything } },
  requires: { each: { words: ['publickey', 'password', 'keyboard-interactive'] } },
};
const command: Names<MockCommand> = {
  stdout: anything,
  stderr: anything,
  exitCode: anything,
  signal: anything,
  delayMs: anything,
  echoStdin: anything,
};
const extensions = Object.keys(extensionVersions);
const windows: Names<WindowsPersonality> = {
  version: { words: windowsVersions },
  account: { words: ['administrator', 'standard'] },
  languageMode: { words: ['FullLanguage', 'ConstrainedLanguage'] },
  codePage: anything,
  atomicRename: anything,
};
const refuse: Spec = { words: ['refuse'] };
const server: Names<MockServerOptions> = {
  host: anything,
  port: anything,
  ident: anything,
  hostKeys: anything,
  algorithms: { names: algorithms },
  users: { each: { names: user } },
  maxAuthTries: anything,
  exec: { values: { names: command } },
  sftp: { words: ['memory'], names: { root: anything } },
  jobs: anything,
  sftpExtensions: {
    each: { words: extensions },
    names: Object.fromEntries(extensions.map((name) => [name, anything])),
  },
  maxSessions: anything,
  forwarding: { names: { local: refuse, remote: refuse } },
  unixSockets: { names: { bindUnlink: anything } },
  windows: { names: windows },
  loginBanner: anything,
  greeting: anything,
  faults: faultsSpec,
};
const pc: Names<MockPcOptions> = { port: anything, server: { names: server } };

/** What an exec handler may return. */
export const commandSpec: Spec = { names: command };
export const serverSpec: Spec = { names: server };
export const pcSpec: Spec = { names: pc };
export const vanishSpec: Spec = { names: { zombieFor: anything, wakes: anything } };
export const returnSpec: Spec = { names: { delayMs: anything } };
export const holdSpec: Spec = { names: { share: { each: { words: ['read', 'write', 'delete'] } } } };
export const waitSpec: Spec = { names: { timeoutMs: anything } };
