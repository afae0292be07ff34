import { given } from '../../check/given.ts';
import { connectPhases } from '../../errors/index.ts';
import { defaultKeepalive, defaultPort, defaultRetry, defaultTimeouts } from '../../options/defaults.ts';
import { checkHostKey } from '../../options/validate-host-key.ts';
import { aPort, asLibrary, count, time } from '../args/checks.ts';
import { parseDestination } from '../args/destination.ts';
import type { OptionSpec } from '../args/option-spec.ts';
import type { Settings } from '../args/settings.ts';
import { asTime } from '../args/values.ts';
import type { ConnectOptions } from '../library.ts';
import { checkFingerprint, jumpOptions } from './jump-options.ts';

/** What every command that connects accepts. */
export const connectOptions: readonly OptionSpec[] = [
  {
    name: 'customer',
    short: 'c',
    value: 'CODE',
    env: true,
    help: 'instead of a destination: a customer in the customers file, with all that the file says',
  },
  {
    name: 'customers',
    value: 'FILE',
    env: true,
    help: 'the customers file',
    default: 'customers.json in the working folder',
  },
  {
    name: 'port',
    short: 'p',
    value: 'PORT',
    env: true,
    check: aPort,
    help: "TCP port; with a published port, the PC's port on the gateway",
    default: String(defaultPort),
  },
  { name: 'user', short: 'l', value: 'NAME', env: true, help: 'login name', default: 'your own' },
  {
    name: 'identity',
    short: 'i',
    value: 'FILE',
    env: true,
    help: 'private key, also for jump hosts (or --jump-identity)',
    default: 'as ssh finds one',
  },
  { name: 'passphrase-file', value: 'FILE', env: true, help: 'file with the passphrase of the private key' },
  { name: 'ask-passphrase', help: 'ask for the passphrase of the private key, hidden' },
  { name: 'password-file', value: 'FILE', env: true, help: 'file with the password' },
  { name: 'ask-password', help: 'ask for the password, hidden' },
  {
    name: 'host-key',
    value: 'SHA256:...',
    multiple: true,
    env: true,
    check: fingerprints,
    help: 'accept no host key but this one, by its fingerprint; each that is given is accepted',
  },
  {
    name: 'host-key-alias',
    value: 'NAME',
    env: true,
    check: asLibrary((name, value) => checkHostKey(name, { alias: value })),
    help: 'look up the host key under this name: pins a PC, not a port',
  },
  {
    name: 'known-hosts',
    value: 'FILE',
    multiple: true,
    env: true,
    help: 'instead of ~/.ssh/known_hosts, also for jump hosts',
  },
  {
    name: 'accept-new',
    env: true,
    help: 'record the key of a host that has none on record; a changed key is still refused. Also for jump hosts',
  },
  {
    name: 'insecure-accept-any-host-key',
    help: 'no check at all, not even for jump hosts: anyone on the way can read and change everything',
  },
  {
    name: 'jump',
    short: 'J',
    value: 'HOST,...',
    env: true,
    check: jumps,
    help: 'reach the destination through these SSH servers, like ssh -J; "none": through none, whatever ssh_config says',
  },
  ...jumpOptions,
  {
    name: 'proxy-command',
    value: 'COMMAND',
    env: true,
    help: 'reach it through the stdin and stdout of a program (%h %p %r)',
  },
  {
    name: 'proxy',
    value: 'URL',
    env: true,
    help: 'go through a proxy: http://, https:// or socks5://HOST:PORT, or "env" for HTTPS_PROXY and NO_PROXY. With --jump, to the first jump. One with a password: in SSH_VIA_GATEWAY_PROXY',
  },
  {
    name: 'ssh-config',
    short: 'F',
    value: 'FILE',
    env: true,
    help: 'ssh_config to read; "none": no file',
    default: 'as ssh does',
  },
  {
    name: 'attempts',
    value: 'N',
    env: true,
    check: count(1),
    help: 'tries in all',
    default: `${defaultRetry.attempts}, about five minutes`,
  },
  {
    name: 'quiet-after-zombie',
    value: 'TIME',
    env: true,
    check: time({ shortest: 0, none: false }),
    help: 'pause after a silent port (BannerTimeout)',
    default: asTime(defaultRetry.quiet),
  },
  ...connectPhases.map(({ name, lasts }) => ({
    name: `${name}-timeout`,
    value: 'TIME',
    env: true,
    check: time(),
    help: lasts,
    default: asTime(defaultTimeouts[name]),
  })),
  {
    name: 'channel-timeout',
    value: 'TIME',
    env: true,
    check: time(),
    help: 'for the server to open a session for a command or for files',
    default: asTime(defaultTimeouts.channel),
  },
  {
    name: 'total-timeout',
    value: 'TIME',
    env: true,
    check: time(),
    help: 'for all attempts and waits together',
    default: asTime(defaultTimeouts.total),
  },
  {
    name: 'keepalive',
    value: 'TIME',
    env: true,
    check: time({ shortest: 0 }),
    help: 'probe an idle peer this often; "none": never',
    default: asTime(defaultKeepalive.interval),
  },
];

/** Those options that the library takes just as they were given. */
export function plainOptionsOf(settings: Settings): Partial<ConnectOptions> {
  const privateKeyPath = settings.text('identity');
  return given({
    port: settings.port('port'),
    username: settings.text('user'),
    privateKeyPath,
    agentFirst: privateKeyPath === undefined ? undefined : false,
  });
}

/** What every command accepts. */
export const generalOptions: readonly OptionSpec[] = [
  { name: 'verbose', short: 'v', help: 'report what happens, on stderr' },
  { name: 'quiet', short: 'q', help: 'no progress and no notes, only errors' },
  { name: 'help', short: 'h', help: 'show this help' },
];

function fingerprints(text: string, source: string): void {
  for (const fingerprint of text.split(',')) checkFingerprint(fingerprint, source);
}

function jumps(text: string, source: string): void {
  if (text === 'none') return;
  for (const jump of text.split(',')) parseDestination(jump, source);
}
