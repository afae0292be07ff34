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

/** What is known of a host without the options; with `hops`, its jump hosts get what is said of these. */
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

/** What the destination itself says comes before the environment. @throws {UsageError} when an argument says otherwise. */
function decided(settings: Settings, name: string, inDestination: string | number | undefined): string[] {
  if (inDestination === undefined) return [];
  const other = settings.text(name);
  if (settings.isArgument(name) && other !== String(inDestination)) {
    throw new UsageError(`The destination says ${inDestination}, and --${name} ${other}: give one of them`);
  }
  return [name];
}

/** What the arguments and the environment say, over what is known of a host. */
export async function withSettings(find: Finder, settings: Settings, io: Io): Promise<ConnectOptions> {
  const passphrase = await readSecret('passphrase', settings, io, 'of the private key');
  const hops = await Hops.from(settings, io, passphrase);
  const route = await routeOf(settings, hops, (one) => lookUpHost(one, settings, hops));
  // The way that the user names is the way: jump hosts of another one are not meant.
  const { via, ...others } = await find(route === undefined ? hops : undefined);
  // As for ssh, "none" also sets a ProxyCommand aside.
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

/** What ssh_config says; `--ssh-config none` leaves it out. */
export async function lookUpHost(
  { host, user, port }: Destination,
  settings: Settings,
  hops?: Hops,
): Promise<ConnectOptions> {
  const file = settings.text('ssh-config');
  const inDestination = given({ username: user, port });
  if (file?.toLowerCase() === 'none') return { username: user ?? ownName(), host, ...inDestination };
  try {
    // Asked for as `ssh` is: the configuration may depend on the user, and then need not say who that is.
    const alias = user === undefined ? host : `${user}@${host}`;
    const found = await readSshConfig(alias, file, hops && ((one, alias) => hops.optionsOf(one, alias)));
    return { ...found, ...inDestination };
  } catch (error) {
    // A mistake in the user's own files, which no attempt to connect can mend.
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
  // With a terminal, a server may ask what it likes.
  return io.stdin.isTTY ? { keyboardInteractive: askAll(io) } : {};
}
