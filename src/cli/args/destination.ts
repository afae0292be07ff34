import { given } from '../../check/given.ts';
import { quoted } from '../../text/printable.ts';
import { UsageError } from '../usage-error.ts';
import { port as readPort } from './values.ts';

/** Where to go, as the user typed it: a name for DNS or an alias of ssh_config. */
export interface Destination {
  user?: string;
  host: string;
  port?: number;
}

/** `[user@]host[:port]`, `[user@][::1]:22` or `ssh://...`. The last `@` divides, as for ssh: `kim@corp.example@host`. */
export function parseDestination(text: string, source = 'The destination'): Destination {
  const bare = text.trim().replace(/^ssh:\/\//, '');
  // Before anything could show the text.
  if (/:.*@/s.test(bare)) {
    throw new UsageError(
      'A password does not belong in the destination: use --password-file, --ask-password or SSH_VIA_GATEWAY_PASSWORD',
    );
  }
  const parts = /^(?:(.+)@)?(?:\[([^\]]+)\]|([^:@/[\]\s]+))(?::(\d+))?\/?$/.exec(bare);
  const [, user, bracketed, plain, port] = parts ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || host.startsWith('-')) {
    throw new UsageError(
      `${source} must be [user@]host[:port] or an alias of ssh_config, not ${quoted(text, 80)}; an IPv6 address goes in brackets: [::1]:22`,
    );
  }
  return {
    host,
    ...given({ user }),
    ...(port === undefined ? {} : { port: readPort(port, `${source}: the port`) }),
  };
}
