import { given } from '../../check/given.ts';
import { UsageError } from '../usage-error.ts';
import { port as readPort, wrongValue } from './values.ts';

/** The destination as the user typed it: a DNS name or an alias from ssh_config. */
export interface Destination {
  user?: string;
  host: string;
  port?: number;
}

/**
 * `[user@]host[:port]`, `[user@][::1]:22` or `ssh://...`. The last `@` separates, as in ssh: `kim@corp.example@host`.
 */
export function parseDestination(text: string, source = 'The destination'): Destination {
  const bare = text.trim().replace(/^ssh:\/\//, '');
  // Must come before anything that could show the text.
  if (/:.*@/s.test(bare)) {
    throw new UsageError(
      'A password does not belong in the destination: use --password-file, --ask-password or SSH_VIA_GATEWAY_PASSWORD',
    );
  }
  const parts = /^(?:(.+)@)?(?:\[([^\]]+)\]|([^:@/[\]\s]+))(?::(\d+))?\/?$/.exec(bare);
  const [, user, bracketed, plain, port] = parts ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || host.startsWith('-')) {
    throw wrongValue(
      source,
      text,
      '[user@]host[:port] ([::1]:22 for an IPv6 address), or an alias of ssh_config,',
    );
  }
  return {
    host,
    ...given({ user }),
    ...(port === undefined ? {} : { port: readPort(port, `${source}: the port`) }),
  };
}
