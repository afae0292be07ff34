import { checkKnownNames, checkObject, checkString } from '../options/check.ts';
import type { ConnectOptions, KeepaliveOptions } from '../options/types.ts';
import { given } from './given.ts';
import { algorithmsOf } from './ssh-config/algorithms.ts';
import { credentialsOf } from './ssh-config/credentials.ts';
import { hostKeyOf } from './ssh-config/host-key.ts';
import { type Found, type Given, hostNameOf, lookUp } from './ssh-config/lookup.ts';
import { routeOf } from './ssh-config/route.ts';
import type { TokenValues } from './ssh-config/tokens.ts';
import { milliseconds, wholeNumber, word, wrong } from './ssh-config/values.ts';

export interface FromSshConfigOptions {
  /** The configuration file, as `ssh -F`. Default: `~/.ssh/config`, then the system's `ssh_config`. */
  file?: string;
}

/** ProxyJump leads from configuration to configuration; longer routes than this are a circle. */
const maxJumps = 16;

/**
 * Options for `connectViaGateway` out of OpenSSH's client configuration: what `ssh alias` would use.
 *
 * Understood: Host, Match (all, host, originalhost, user, localuser, canonical, final), Include; HostName, Port,
 * User, IdentityFile, IdentityAgent, IdentitiesOnly, PubkeyAuthentication, ProxyJump, ProxyCommand, ConnectTimeout,
 * ConnectionAttempts, ServerAliveInterval, ServerAliveCountMax, StrictHostKeyChecking, UserKnownHostsFile,
 * GlobalKnownHostsFile, HostKeyAlias, Ciphers, MACs, KexAlgorithms, HostKeyAlgorithms, Compression; the tokens
 * `%% %d %h %i %k %L %l %n %p %r %u` and `${VARIABLES}`. What the configuration does not say keeps this library's
 * default.
 *
 * Other than OpenSSH:
 * - One key file is tried, the first IdentityFile that is there; one with a passphrase is left to the agent if there
 *   is an agent, else give `passphrase` beside these options.
 * - `StrictHostKeyChecking no` accepts unknown keys but still refuses changed ones; only together with
 *   `UserKnownHostsFile /dev/null` it becomes `'insecure-accept-any'`. `ask` is `'reject'`: there is nobody to ask.
 * - ConnectTimeout limits TCP, identification line and key exchange each, not their sum.
 * - ConnectionAttempts counts attempts; the waits between them are this library's.
 * - CheckHostIP and HashKnownHosts have no effect: keys are looked up by name and recorded in plain.
 * - Settings that a connection of this library has no use for (forwards, terminals, ...) are ignored.
 *
 * @param alias the name as for `ssh`; `user@name` is understood.
 * @throws {TypeError} for a file that cannot be read, a value that makes no sense, and for what would change where
 *   or whether to connect and cannot be honoured: `Match exec` (and other criteria), CanonicalizeHostname,
 *   RevokedHostKeys, ProxyUseFdpass, a ProxyCommand that needs a shell.
 *
 * @example
 * const connection = await connectViaGateway({ ...(await fromSshConfig('pc-of-kim')), retry: false });
 */
export async function fromSshConfig(
  alias: string,
  options: FromSshConfigOptions = {},
): Promise<ConnectOptions> {
  checkString('alias', alias, 'the name of a host, as for ssh,');
  checkOptions(options);
  const at = alias.lastIndexOf('@');
  const preset: Given = at > 0 ? { user: alias.slice(0, at) } : {};
  return resolve(alias.slice(at + 1), preset, options.file, []);
}

function checkOptions(options: unknown): void {
  checkObject('options', options);
  checkKnownNames('options', options, ['file']);
  const file = options['file'];
  if (file !== undefined) checkString('file', file, 'the path of an ssh_config file');
}

async function resolve(
  alias: string,
  preset: Given,
  file: string | undefined,
  route: readonly string[],
): Promise<ConnectOptions> {
  checkAlias(alias, route);
  const found = await lookUp(alias, file, preset);
  refuseUnsupported(found);
  const tokens = tokenValues(found);
  const via = await routeOf(found, (jump, jumpPreset) => resolve(jump, jumpPreset, file, [...route, alias]));
  const port = wholeNumber(found, 'port', 1, 65_535);
  return {
    host: tokens.host,
    username: tokens.username,
    ...given({ port, via }),
    ...(await credentialsOf(found, tokens)),
    ...given({ hostKey: hostKeyOf(found, tokens), algorithms: algorithmsOf(found) }),
    ...given({ timeouts: timeoutsOf(found), retry: retryOf(found), keepalive: keepaliveOf(found) }),
  };
}

function checkAlias(alias: string, route: readonly string[]): void {
  if (/^-|[\s'"`\\%$/@\u0000-\u001f\u007f]/.test(alias) || alias === '') {
    throw wrong('alias', alias, 'the name of a host, as for ssh,');
  }
  if (route.length < maxJumps) return;
  throw new TypeError(
    `fromSshConfig: ProxyJump goes in a circle: ${[...route, alias].slice(-4).join(' by ')}`,
  );
}

const unsupported: Record<string, readonly string[]> = {
  canonicalizehostname: ['no', 'none'],
  revokedhostkeys: ['none'],
  proxyusefdpass: ['no'],
};

function refuseUnsupported(found: Found): void {
  for (const [keyword, harmless] of Object.entries(unsupported)) {
    const value = word(found, keyword);
    if (value === undefined || harmless.includes(value)) continue;
    throw new TypeError(`fromSshConfig: ${keyword} ${value} is not supported`);
  }
}

function tokenValues(found: Found): TokenValues {
  const { alias, localUser, values } = found;
  return {
    ...{ alias, localUser },
    host: hostNameOf(found).toLowerCase(),
    port: wholeNumber(found, 'port', 1, 65_535) ?? 22,
    username: values.get('user')?.value ?? localUser,
    hostKeyAlias: values.get('hostkeyalias')?.value,
  };
}

/** OpenSSH's one limit covers all of them together. */
function timeoutsOf(found: Found): ConnectOptions['timeouts'] {
  const limit = milliseconds(found, 'connecttimeout');
  return limit ? { tcp: limit, banner: limit, handshake: limit } : undefined;
}

function retryOf(found: Found): ConnectOptions['retry'] {
  const attempts = wholeNumber(found, 'connectionattempts', 1, Number.MAX_SAFE_INTEGER);
  if (attempts === undefined) return undefined;
  return attempts === 1 ? false : { attempts };
}

/** Zero turns the probes off; with no probe counted, a dead peer is never given up. */
function keepaliveOf(found: Found): ConnectOptions['keepalive'] {
  const interval = milliseconds(found, 'serveraliveinterval');
  const countMax = wholeNumber(found, 'serveralivecountmax', 0, Number.MAX_SAFE_INTEGER);
  if (interval === 0) return false;
  if (interval === undefined && countMax === undefined) return undefined;
  const limits: KeepaliveOptions = {};
  if (interval !== undefined) limits.interval = interval;
  if (countMax !== undefined) limits.countMax = countMax === 0 ? 1_000 : Math.min(countMax, 1_000);
  return limits;
}
