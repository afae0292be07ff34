import { saidOf } from '../../check/wrong.ts';
import type { Via } from '../../options/types.ts';
import { type JumpHostOptions, jumpHost } from '../../route/jump-host.ts';
import { proxyCommand } from '../../route/proxy-command.ts';
import type { Found, GivenValues } from './lookup.ts';
import { wrong } from './values.ts';

/** Returns the options for a jump host from the same configuration. */
type ResolveJump = (alias: string, given: GivenValues) => Promise<JumpHostOptions>;

/** ProxyJump or ProxyCommand. */
export async function routeOf(found: Found, resolve: ResolveJump): Promise<Via | undefined> {
  const jump = found.values.get('proxyjump')?.value;
  if (jump !== undefined) return jump.toLowerCase() === 'none' ? undefined : jumpRoute(jump, resolve);
  const command = found.values.get('proxycommand')?.value;
  if (command === undefined || command.toLowerCase() === 'none') return undefined;
  // `%n` has no meaning for a route; the alias contains no blanks, quotes or percent signs.
  const named = command.replace(/%%|%n/g, (token) => (token === '%n' ? found.alias : token));
  return saidOf('fromSshConfig: ProxyCommand', 'command', () => proxyCommand(named));
}

/** The last host listed is the nearest to the target; it is reached through those before it. */
async function jumpRoute(jumps: string, resolve: ResolveJump): Promise<Via> {
  const hosts = jumps.split(',');
  const { alias, given } = parseJump(hosts.pop()!);
  const before = hosts.length === 0 ? {} : { proxyjump: hosts.join(',') };
  return jumpHost(await resolve(alias, { ...given, ...before }));
}

/** `[user@]host[:port]` or `ssh://[user@]host[:port]`. */
function parseJump(jump: string): { alias: string; given: GivenValues } {
  const parts = /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[([^\]@]+)\]|([^:@/]+))(?::(\d+))?\/?$/.exec(jump.trim());
  if (!parts) throw wrong('ProxyJump', jump, '[user@]host[:port], or several with commas');
  const [, user, bracketed, plain, port] = parts;
  return {
    alias: bracketed ?? plain!,
    given: { ...(user !== undefined && { user }), ...(port !== undefined && { port }) },
  };
}
