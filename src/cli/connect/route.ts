import { saidOf } from '../../check/wrong.ts';
import { type Destination, parseDestination } from '../args/destination.ts';
import type { Settings } from '../args/settings.ts';
import {
  type ConnectOptions,
  httpProxy,
  jumpHost,
  proxyCommand,
  proxyFromEnvironment,
  socksProxy,
  type Via,
} from '../library.ts';
import { UsageError } from '../usage-error.ts';
import type { Hops } from './hops.ts';

/** What is known about a host, ignoring the options for the destination. */
type LookUp = (destination: Destination) => Promise<ConnectOptions>;

/** The way to the destination, if the user gives one: through jump hosts, a program or a proxy. */
export async function routeOf(settings: Settings, hops: Hops, lookUp: LookUp): Promise<Via | undefined> {
  const jump = settings.text('jump');
  const command = settings.text('proxy-command');
  if (jump !== undefined && command !== undefined) {
    throw new UsageError('--jump and --proxy-command exclude each other');
  }
  const proxy = proxyOf(settings);
  if (command !== undefined && proxy !== undefined) {
    throw new UsageError('--proxy and --proxy-command exclude each other');
  }
  if (command !== undefined) return ofFlag(settings, 'proxy-command', 'command', () => proxyCommand(command));
  return jump === undefined || jump === 'none' ? proxy : jumpRoute(jump.split(','), hops, lookUp, proxy);
}

function proxyOf(settings: Settings): Via | undefined {
  const url = settings.text('proxy');
  if (url === undefined) return undefined;
  const source = settings.sourceOf('proxy');
  if (url === 'env') return proxyFromEnvironment();
  if (source === '--proxy' && url.includes('@')) {
    throw new UsageError(
      '--proxy: a password on the command line can be read by every user of this machine; the URL in SSH_VIA_GATEWAY_PROXY would be right',
    );
  }
  return ofFlag(settings, 'proxy', 'url', () => (/^socks/i.test(url) ? socksProxy(url) : httpProxy(url)));
}

const proxies = 'http://HOST:PORT, https://HOST:PORT, socks5://HOST:PORT or env';

/** Words the library's error about its argument for the option given here. */
function ofFlag(settings: Settings, flag: string, argument: string, make: () => Via): Via {
  try {
    return saidOf(settings.sourceOf(flag), argument, make);
  } catch (error) {
    const { message } = error as Error;
    throw new UsageError(message.replace(/a URL such as \S+ would/, `${proxies} would`));
  }
}

/** The first one is the nearest to us, the last one the nearest to the destination. */
async function jumpRoute(
  jumps: readonly string[],
  hops: Hops,
  lookUp: LookUp,
  proxy: Via | undefined,
): Promise<Via> {
  let via = proxy;
  for (const jump of jumps) {
    const destination = parseDestination(jump);
    const options = hops.optionsOf(await lookUp(destination), destination.host);
    via = jumpHost(via === undefined ? options : { ...options, via });
  }
  return via!;
}
