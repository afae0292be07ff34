import { accountName } from '../../options/local-account.ts';
import { type Destination, parseDestination } from '../args/destination.ts';
import { variableOf } from '../args/option-spec.ts';
import type { Settings } from '../args/settings.ts';
import type { Io } from '../io.ts';
import { type ConnectOptions, fromSshConfig, type KeepaliveOptions, type Timeouts } from '../library.ts';
import { UsageError } from '../usage-error.ts';
import { hostKeyOf } from './host-key.ts';
import { limitsOf } from './limits.ts';
import { ask } from './prompt.ts';
import { routeOf } from './route.ts';
import { readSecret } from './secrets.ts';

/** The destination among the arguments, else that of the environment. @throws {UsageError} when there is none. */
export function destinationOf(positional: string | undefined, io: Io): Destination {
  const text = positional ?? io.env[variableOf('destination')];
  if (!text) {
    throw new UsageError(
      `Where to? Give [user@]host[:port], an alias of ssh_config, or set ${variableOf('destination')}`,
    );
  }
  return parseDestination(text);
}

/** What to connect with: the arguments first, then the environment, then ssh_config, then the library's defaults. */
export async function connectOptionsOf(
  destination: Destination,
  settings: Settings,
  io: Io,
): Promise<ConnectOptions> {
  const { user, port } = destination;
  const found = await lookUpHost(destination, settings);
  const given = { ...defined('username', user), ...defined('port', port) };
  return withSettings({ ...found, ...given }, settings, io);
}

/** What the arguments and the environment say, over what is known of a host. */
export async function withSettings(
  found: ConnectOptions,
  settings: Settings,
  io: Io,
): Promise<ConnectOptions> {
  const lookUp = (one: Destination) => lookUpHost(one, settings);
  const identity = settings.text('identity');
  const route = await routeOf(settings, lookUp);
  const hostKey = hostKeyOf(settings, found.hostKey);
  return {
    ...found,
    ...defined('port', settings.port('port')),
    ...defined('username', settings.text('user')),
    ...defined('privateKeyPath', identity),
    ...defined('via', route),
    ...defined('hostKey', hostKey),
    ...(await credentialsOf(found, settings, io)),
    ...patienceOf(settings, found),
  };
}

function ownName(): string {
  const name = accountName();
  if (name !== undefined) return name;
  throw new UsageError('The system does not tell who you are: give the login name, user@host');
}

/** What ssh_config says; `--ssh-config none` leaves it out. */
export async function lookUpHost(
  { host, user, port }: Destination,
  settings: Settings,
): Promise<ConnectOptions> {
  const file = settings.text('ssh-config');
  const given = { ...defined('username', user), ...defined('port', port) };
  if (file?.toLowerCase() === 'none') return { username: user ?? ownName(), host, ...given };
  try {
    return { ...(await fromSshConfig(host, file === undefined ? {} : { file })), ...given };
  } catch (error) {
    // A mistake in the user's own files, which no attempt to connect can mend.
    throw error instanceof TypeError ? new UsageError(error.message) : error;
  }
}

async function credentialsOf(
  { host }: ConnectOptions,
  settings: Settings,
  io: Io,
): Promise<Pick<ConnectOptions, 'password' | 'passphrase' | 'keyboardInteractive'>> {
  const passphrase = await readSecret('passphrase', settings, io, 'of the private key');
  const password = await readSecret('password', settings, io, `for ${host}`);
  return {
    ...defined('passphrase', passphrase),
    ...defined('password', password),
    // With a terminal, a server may ask what it likes: one-time codes, a new password.
    ...(io.stdin.isTTY && password === undefined ? { keyboardInteractive: askAll(io) } : {}),
  };
}

function askAll(io: Io): NonNullable<ConnectOptions['keyboardInteractive']> {
  return async (prompts) => {
    const answers: string[] = [];
    for (const { prompt, echo } of prompts) answers.push(await ask(io, prompt, echo));
    return answers;
  };
}

function patienceOf(
  settings: Settings,
  found: ConnectOptions,
): Pick<ConnectOptions, 'timeouts' | 'retry' | 'keepalive'> {
  const timeouts: Timeouts = {
    ...found.timeouts,
    ...limitsOf(settings),
    ...defined('total', settings.duration('total-timeout')),
  };
  return {
    timeouts,
    ...defined('retry', retryOf(settings, found)),
    ...defined('keepalive', keepaliveOf(settings, found)),
  };
}

function retryOf(settings: Settings, found: ConnectOptions): ConnectOptions['retry'] {
  const attempts = settings.wholeNumber('attempts', 1);
  const quiet = settings.duration('quiet-after-zombie');
  if (attempts === undefined && quiet === undefined) return found.retry;
  const configured = found.retry === false ? { attempts: 1 } : found.retry;
  return { ...configured, ...defined('attempts', attempts), ...defined('quiet', quiet) };
}

function keepaliveOf(settings: Settings, found: ConnectOptions): false | KeepaliveOptions | undefined {
  const interval = settings.duration('keepalive');
  if (interval === undefined) return found.keepalive;
  if (interval === Number.POSITIVE_INFINITY || interval === 0) return false;
  return { ...(found.keepalive || {}), interval };
}

/** A member that is there only when it has a value: an explicit `undefined` is not the same as none. */
function defined<Name extends string, T>(name: Name, value: T | undefined): { [key in Name]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { [key in Name]?: T };
}
