import { given } from '../../check/given.ts';
import type { ConnectOptions, KeepaliveOptions } from '../../options/types.ts';
import type { JumpHostOptions } from '../../route/jump-host.ts';
import { isSafeHostName, isSafeUserName } from '../../route/safe-names.ts';
import { algorithmsOf } from './algorithms.ts';
import { credentialsOf } from './credentials.ts';
import { hostKeyOf } from './host-key.ts';
import { type Found, type GivenValues, hostNameOf, lookUp } from './lookup.ts';
import { routeOf } from './route.ts';
import type { TokenValues } from './tokens.ts';
import { milliseconds, wholeNumber, word, wrong } from './values.ts';

/** ProxyJump leads from host to host in the configuration; a route longer than this is a cycle. */
const maxJumps = 16;

/** Changes the configured options of a jump host to what the caller specifies. */
type ChangeJump = (options: ConnectOptions, alias: string) => JumpHostOptions;

/** What `ssh alias` would use, as options of ours. */
export function readSshConfig(
  alias: string,
  file: string | undefined,
  changeJump: ChangeJump = ({ retry: _ofCarried, ...options }) => options,
): Promise<ConnectOptions> {
  const at = alias.lastIndexOf('@');
  const preset: GivenValues = at > 0 ? { user: alias.slice(0, at) } : {};
  return resolve(alias.slice(at + 1), preset, { file, changeJump }, []);
}

interface ConfigSource {
  file: string | undefined;
  changeJump: ChangeJump;
}

async function resolve(
  alias: string,
  preset: GivenValues,
  reading: ConfigSource,
  route: readonly string[],
): Promise<ConnectOptions> {
  checkAlias(alias, preset['user'], route);
  const found = await lookUp(alias, reading.file, preset);
  refuseUnsupported(found);
  const tokens = tokenValues(found);
  const via = await routeOf(found, async (jump, jumpPreset) =>
    reading.changeJump(await resolve(jump, jumpPreset, reading, [...route, alias]), jump),
  );
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

/** As in ssh, which checks its arguments and trusts its configuration: both may end up in a shell's command line. */
function checkAlias(alias: string, user: string | undefined, route: readonly string[]): void {
  if (alias === '' || !isSafeHostName(alias) || /[%/@]/.test(alias)) {
    throw wrong('alias', alias, 'the name of a host, as for ssh,');
  }
  if (user !== undefined && !isSafeUserName(user))
    throw wrong('user', user, 'the name of a user, as for ssh,');
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
    alias,
    localUser,
    host: hostNameOf(found).toLowerCase(),
    port: wholeNumber(found, 'port', 1, 65_535) ?? 22,
    username: values.get('user')?.value ?? nameOf(localUser),
    hostKeyAlias: values.get('hostkeyalias')?.value,
  };
}

function nameOf(localUser: string): string {
  if (localUser !== '') return localUser;
  throw new TypeError(
    'fromSshConfig: neither the configuration says User, nor the system who this process is (a container without an entry in /etc/passwd); User, or user@ before the name, would be right',
  );
}

/** OpenSSH has one limit for all of them together. */
function timeoutsOf(found: Found): ConnectOptions['timeouts'] {
  const limit = milliseconds(found, 'connecttimeout');
  return limit ? { tcp: limit, banner: limit, handshake: limit } : undefined;
}

function retryOf(found: Found): ConnectOptions['retry'] {
  const attempts = wholeNumber(found, 'connectionattempts', 1, Number.MAX_SAFE_INTEGER);
  if (attempts === undefined) return undefined;
  return attempts === 1 ? false : { attempts };
}

/** Zero turns the probes off; if no probes are counted, a dead peer is never detected. */
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
