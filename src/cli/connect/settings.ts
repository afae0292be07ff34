import { given } from '../../check/given.ts';
import { readSshConfig } from '../../interop/ssh-config/index.ts';
import { accountName } from '../../options/local-account.ts';
import { printable } from '../../text/printable.ts';
import type { Destination } from '../args/destination.ts';
import type { Settings } from '../args/settings.ts';
import type { Io } from '../io.ts';
import type { ConnectOptions } from '../library.ts';
import { wordsOfWrongUse } from '../report/wrong-use.ts';
import { UsageError } from '../usage-error.ts';
import { Hops } from './hops.ts';
import { hostKeyOf } from './host-key.ts';
import { plainOptionsOf } from './options.ts';
import { patienceOf } from './patience.ts';
import { askAll } from './prompt.ts';
import { routeOf } from './route.ts';
import { readSecret } from './secrets.ts';

/** What is known about a host without the options; with `hops`, its jump hosts get the options for jump hosts. */
type Finder = (hops: Hops | undefined) => ConnectOptions | Promise<ConnectOptions>;

/** What to connect with: the arguments first, then the environment, then ssh_config, then the library's defaults. */
export function connectOptionsOf(
  destination: Destination,
  settings: Settings,
  io: Io,
): Promise<ConnectOptions> {
  const rest = settings.withoutVariables([
    ...decided(settings, 'port', destination.port),
    ...decided(settings, 'user', destination.user),
  ]);
  const asked = { ...given({ user: rest.text('user') }), ...destination };
  return withSettings((hops) => lookUpHost(asked, rest, hops), rest, io);
}

/** The destination takes precedence over the environment. @throws {UsageError} if an argument contradicts it. */
function decided(settings: Settings, name: string, inDestination: string | number | undefined): string[] {
  if (inDestination === undefined) return [];
  const other = settings.text(name);
  if (settings.isArgument(name) && other !== String(inDestination)) {
    throw new UsageError(`The destination says ${inDestination}, and --${name} ${other}: give one of them`);
  }
  return [name];
}

/** The arguments and the environment, applied to what is known about a host. */
export async function withSettings(find: Finder, settings: Settings, io: Io): Promise<ConnectOptions> {
  const passphrase = await readSecret('passphrase', settings, io, 'of the private key');
  const hops = await Hops.from(settings, io, passphrase);
  const route = await routeOf(settings, hops, (one) => lookUpHost(one, settings, hops));
  // A route given by the user replaces the known one, to which options for jump hosts then do not apply.
  const { via, ...others } = await find(route === undefined ? hops : undefined);
  // As in ssh, "none" also removes a ProxyCommand.
  const found = { ...others, ...given({ via: settings.text('jump') === 'none' ? undefined : via }) };
  hops.finish();
  const options = {
    ...found,
    ...plainOptionsOf(settings),
    ...given({
      via: route,
      hostKey: hostKeyOf(settings, found.hostKey),
      passphrase,
    }),
    ...patienceOf(settings, found),
  };
  return { ...options, ...(await answersOf(options, settings, io)) };
}

function ownName(): string {
  const name = accountName();
  if (name !== undefined) return name;
  throw new UsageError('The system does not tell who you are: give the login name, user@host');
}

/** What ssh_config says; `--ssh-config none` ignores it. */
export async function lookUpHost(
  { host, user, port }: Destination,
  settings: Settings,
  hops?: Hops,
): Promise<ConnectOptions> {
  const file = settings.text('ssh-config');
  const inDestination = given({ username: user, port });
  if (file?.toLowerCase() === 'none') return { username: user ?? ownName(), host, ...inDestination };
  try {
    // With the user name, as `ssh` does: the configuration may depend on it, and need not repeat it.
    const alias = user === undefined ? host : `${user}@${host}`;
    const found = await readSshConfig(alias, file, hops && ((one, alias) => hops.optionsOf(one, alias)));
    return { ...found, ...inDestination };
  } catch (error) {
    // An error in the user's own files, which no attempt to connect can correct.
    if (!(error instanceof TypeError)) throw error;
    const words = wordsOfWrongUse(error).join('\n');
    const isMissing = file !== undefined && words.startsWith(`ssh_config: ${printable(file)} `);
    throw new UsageError(isMissing ? words.replace('ssh_config', settings.sourceOf('ssh-config')) : words);
  }
}

async function answersOf(
  { host, port = 22, username }: ConnectOptions,
  settings: Settings,
  io: Io,
): Promise<Pick<ConnectOptions, 'password' | 'keyboardInteractive'>> {
  const password = await readSecret('password', settings, io, `for ${username}@${host}:${port}`);
  if (password !== undefined) return { password };
  // With a terminal, a server may prompt for anything.
  return io.stdin.isTTY ? { keyboardInteractive: askAll(io) } : {};
}
