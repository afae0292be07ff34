import { host } from '../check/address.ts';
import { type Checks, checkOptions, object, required } from '../check/options.ts';
import {
  abortSignal,
  between,
  type Check,
  callback,
  checkText,
  either,
  flag,
  limit,
  listOf,
  ms,
  oneOrMore,
  port,
  secret,
  text,
  tries,
  whole,
} from '../check/values.ts';
import { wrongRange, wrongSecret, wrongTogether, wrongType } from '../check/wrong.ts';
import { perPhase } from '../errors/index.ts';
import type {
  AlgorithmChanges,
  Algorithms,
  ConnectOptions,
  KeepaliveOptions,
  RetryOptions,
  Timeouts,
} from './types.ts';
import { checkHostKey, checkPublicKey } from './validate-host-key.ts';

export const timeoutChecks: Checks<Timeouts> = {
  ...perPhase(() => limit()),
  channel: limit(),
  total: limit(),
};

const retryChecks: Checks<RetryOptions> = {
  attempts: tries,
  minDelay: ms(0),
  factor: between(1, 100),
  maxDelay: ms(0),
  jitter: between(0, 1),
  quiet: ms(0),
  shouldRetry: callback,
  onRetry: callback,
};

const keepaliveChecks: Checks<KeepaliveOptions> = {
  interval: ms(),
  countMax: whole(1, 1_000),
};

const names = oneOrMore(text('an algorithm name'), 'an algorithm name, or several,');
const changeChecks: Checks<AlgorithmChanges> = { append: names, prepend: names, remove: names };
const rightAlgorithms = 'a non-empty array of algorithm names, or an object with append, prepend or remove,';
const exactNames = listOf(text('an algorithm name'), rightAlgorithms);
const changes = object(changeChecks, rightAlgorithms);
const algorithms: Check = (name, value) => (Array.isArray(value) ? exactNames : changes)(name, value);
const algorithmChecks: Checks<Algorithms> = {
  kex: algorithms,
  serverHostKey: algorithms,
  cipher: algorithms,
  hmac: algorithms,
  compress: algorithms,
  publicKey: algorithms,
};

/** Every option of `connectViaGateway`, with the check of its value. */
export const connectChecks: Checks<ConnectOptions> = {
  host: required(host),
  port,
  username: required(text('the name of an account', 1_024)),
  privateKey: secret({ bytes: true }),
  privateKeyPath: oneOrMore(checkKeyPath, 'the path of a private key file, or several,'),
  passphrase: secret({ bytes: true }),
  certificate: secret({ bytes: true }),
  certificatePath: oneOrMore(checkCertificatePath, 'the path of a certificate file, or several,'),
  password: secret({ empty: true }),
  agent: checkAgent,
  agentKeys: oneOrMore(checkAgentKey, "a public key of the agent or '*', or several,"),
  agentFirst: flag,
  keyboardInteractive: callback,
  hostKey: checkHostKey,
  timeouts: object(timeoutChecks),
  retry: either(false, object(retryChecks, 'false or an object')),
  keepalive: either(false, object(keepaliveChecks, 'false or an object')),
  via: checkVia,
  signal: abortSignal,
  algorithms: object(algorithmChecks),
  maxSessions: whole(1, 65_535),
  onLoginBanner: callback,
  log: callback,
};

/**
 * Throws at once for anything that cannot work, before a socket opens.
 * @throws TypeError or RangeError that names the option, what was given, and what would be right.
 */
export function validateConnectOptions(options: unknown): asserts options is ConnectOptions {
  checkOptions<ConnectOptions>(options, connectChecks);
  checkOneKey(options);
}

/** A key and a certificate come as text or by path, not both. */
export function checkOneKey(options: Partial<ConnectOptions>): void {
  const { privateKey, privateKeyPath, certificate, certificatePath } = options;
  if (privateKey !== undefined && privateKeyPath !== undefined) {
    throw wrongTogether('privateKey', 'privateKeyPath');
  }
  if (certificate !== undefined && certificatePath !== undefined) {
    throw wrongTogether('certificate', 'certificatePath');
  }
}

/** Characters. No system takes more; Windows takes 32,767. */
const longestPath = 32_767;

function checkCertificatePath(name: string, value: unknown): void {
  const right = 'the path of a certificate file';
  checkText(name, value, right, longestPath);
  if (/[\r\n]/.test(value)) throw wrongRange(name, value, `${right} (for its text: certificate)`);
}

function checkKeyPath(name: string, value: unknown): void {
  const right = 'the path of a private key file';
  checkText(name, value, right, longestPath);
  if (/[\r\n]/.test(value)) throw wrongSecret(name, value, `${right} (for the key itself: privateKey)`);
}

function checkAgent(name: string, value: unknown): void {
  if (value === true) {
    if (process.env['SSH_AUTH_SOCK']) return;
    throw wrongRange(name, value, 'a socket path (SSH_AUTH_SOCK is not set)');
  }
  checkText(name, value, "the path of an agent's socket, or true for SSH_AUTH_SOCK,");
}

function checkAgentKey(name: string, value: unknown): void {
  if (value !== '*') checkPublicKey(name, value);
}

function checkVia(name: string, value: unknown): void {
  if (typeof value === 'function') return;
  if (typeof (value as { open?: unknown } | null)?.open === 'function') return;
  throw wrongType(name, value, 'jumpHost(...), proxyCommand(...), or a function that returns a Duplex,');
}
