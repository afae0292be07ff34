import {
  checkFunction,
  checkInteger,
  checkKnownNames,
  checkMs,
  checkObject,
  checkPort,
  checkSignal,
  checkString,
  wrongRange,
  wrongSecret,
  wrongType,
} from './check.ts';
import { checkHostKey } from './validate-host-key.ts';

type Check = (option: string, value: unknown) => void;

/** Every option of `connectViaGateway`, with the check of its value. */
const checks: Record<string, Check> = {
  host: checkHost,
  port: (option, value) => checkPort(option, value),
  username: (option, value) => checkString(option, value, 'the name of an account'),
  privateKey: checkSecretBytes,
  privateKeyPath: (option, value) => checkString(option, value, 'the path of a private key file'),
  passphrase: checkSecretBytes,
  password: checkPassword,
  agent: checkAgent,
  keyboardInteractive: checkFunction,
  hostKey: checkHostKey,
  timeouts: checkTimeouts,
  retry: checkRetry,
  keepalive: checkKeepalive,
  via: checkVia,
  signal: checkSignal,
  algorithms: checkAlgorithms,
  maxSessions: (option, value) => checkInteger(option, value, 1, 65_535, 'a whole number of at least 1'),
  onLoginBanner: checkFunction,
  log: checkFunction,
};

const required = ['host', 'username'];

/**
 * Throws at once for anything that cannot work, before a socket opens.
 * @throws TypeError or RangeError that names the option, what was given, and what would be right.
 */
export function validateConnectOptions(options: unknown): void {
  checkObject('options', options);
  checkKnownNames('options', options, Object.keys(checks));
  for (const [option, check] of Object.entries(checks)) {
    const value = options[option];
    if (value !== undefined || required.includes(option)) check(option, value);
  }
  if (options['privateKey'] !== undefined && options['privateKeyPath'] !== undefined) {
    throw new TypeError('options privateKey and privateKeyPath: both given; one of them would be right');
  }
}

function checkHost(option: string, value: unknown): void {
  checkString(option, value, 'a host name or address');
  if (/[\s/@\u0000-\u001f\u007f]/.test(value)) {
    throw wrongRange(option, value, 'a host name or address alone, without user, scheme or blanks,');
  }
  if (value.startsWith('-')) throw wrongRange(option, value, 'a name that does not begin with "-"');
}

function checkSecretBytes(option: string, value: unknown): void {
  if (typeof value !== 'string' && !Buffer.isBuffer(value))
    throw wrongSecret(option, value, 'a string or Buffer');
  if (value.length === 0) throw wrongSecret(option, value, 'a non-empty string or Buffer');
}

function checkPassword(option: string, value: unknown): void {
  if (typeof value !== 'string') throw wrongSecret(option, value, 'a string');
}

function checkAgent(option: string, value: unknown): void {
  if (value === true) {
    if (process.env['SSH_AUTH_SOCK']) return;
    throw wrongRange(option, value, 'a socket path (SSH_AUTH_SOCK is not set)');
  }
  checkString(option, value, "the path of an agent's socket, or true for SSH_AUTH_SOCK,");
}

const timeoutNames = ['tcp', 'banner', 'handshake', 'auth', 'channel', 'total'];

function checkTimeouts(option: string, value: unknown): void {
  checkObject(option, value);
  checkKnownNames(option, value, timeoutNames);
  for (const name of timeoutNames) {
    if (value[name] !== undefined) checkMs(`${option}.${name}`, value[name]);
  }
}

const retryChecks: Record<string, Check> = {
  attempts: (option, value) => {
    if (value !== Number.POSITIVE_INFINITY) {
      checkInteger(option, value, 1, Number.MAX_SAFE_INTEGER, 'a whole number of at least 1, or Infinity,');
    }
  },
  minDelay: (option, value) => checkMs(option, value, { min: 0, infinite: false }),
  factor: (option, value) => checkNumber(option, value, 1, 100),
  maxDelay: (option, value) => checkMs(option, value, { min: 0, infinite: false }),
  jitter: (option, value) => checkNumber(option, value, 0, 1),
  quiet: (option, value) => checkMs(option, value, { min: 0, infinite: false }),
  shouldRetry: checkFunction,
  onRetry: checkFunction,
};

function checkRetry(option: string, value: unknown): void {
  if (value === false) return;
  if (typeof value !== 'object' || value === null) throw wrongType(option, value, 'false or an object');
  checkObject(option, value);
  checkKnownNames(option, value, Object.keys(retryChecks));
  for (const [name, check] of Object.entries(retryChecks)) {
    if (value[name] !== undefined) check(`${option}.${name}`, value[name]);
  }
}

function checkKeepalive(option: string, value: unknown): void {
  if (value === false) return;
  if (typeof value !== 'object' || value === null) throw wrongType(option, value, 'false or an object');
  checkObject(option, value);
  checkKnownNames(option, value, ['interval', 'countMax']);
  if (value['interval'] !== undefined) checkMs(`${option}.interval`, value['interval'], { infinite: false });
  if (value['countMax'] !== undefined) {
    checkInteger(`${option}.countMax`, value['countMax'], 1, 1_000, 'a whole number of at least 1');
  }
}

function checkNumber(option: string, value: unknown, min: number, max: number): void {
  const right = `a number from ${min} to ${max}`;
  if (typeof value !== 'number') throw wrongType(option, value, right);
  if (!(value >= min && value <= max)) throw wrongRange(option, value, right);
}

function checkVia(option: string, value: unknown): void {
  const isRoute =
    typeof value === 'object' && value !== null && typeof (value as { open?: unknown }).open === 'function';
  if (typeof value !== 'function' && !isRoute) {
    throw wrongType(option, value, 'jumpHost(...), proxyCommand(...), or a function that returns a Duplex,');
  }
}

const algorithmNames = ['kex', 'serverHostKey', 'cipher', 'hmac', 'compress'];

function checkAlgorithms(option: string, value: unknown): void {
  checkObject(option, value);
  checkKnownNames(option, value, algorithmNames);
  for (const [name, list] of Object.entries(value)) {
    if (list === undefined) continue;
    if (!Array.isArray(list) || list.length === 0) {
      throw wrongType(`${option}.${name}`, list, 'a non-empty array of algorithm names');
    }
    for (const algorithm of list) checkString(`${option}.${name}`, algorithm, 'an algorithm name');
  }
}
