import { type Checks, checkArgument, checkOptions } from '../check/options.ts';
import { text } from '../check/values.ts';
import type { ConnectOptions } from '../options/types.ts';

/** Options of `fromSshConfig`. */
export interface FromSshConfigOptions {
  /** Path of the configuration file, as for `ssh -F`. Default: `~/.ssh/config`, then the system's `ssh_config`. */
  file?: string | undefined;
}

const checks: Checks<FromSshConfigOptions> = { file: text('the path of an ssh_config file') };

/**
 * Reads OpenSSH's client configuration and returns options of `connectViaGateway`: what `ssh alias` would use.
 *
 * Understood: Host, Match (all, host, originalhost, user, localuser, canonical, final), Include; HostName, Port,
 * User, IdentityFile, CertificateFile, IdentityAgent, IdentitiesOnly, PubkeyAuthentication, ProxyJump, ProxyCommand,
 * ConnectTimeout, ConnectionAttempts, ServerAliveInterval, ServerAliveCountMax, StrictHostKeyChecking,
 * UserKnownHostsFile, GlobalKnownHostsFile, HostKeyAlias, HashKnownHosts, UpdateHostKeys, Ciphers, MACs,
 * KexAlgorithms, HostKeyAlgorithms, PubkeyAcceptedAlgorithms, Compression; the tokens `%% %d %h %i %k %L %l %n %p %r
 * %u` and `${VARIABLES}`. What the configuration does not set keeps this library's default.
 *
 * Differences from OpenSSH:
 * - Every existing IdentityFile is tried, but one with a passphrase is left to the agent. If it is the first and
 *   there is no agent, add `passphrase` to these options.
 * - If no CertificateFile has a user certificate, or none fits the keys, connecting is a TypeError; ssh ignores them.
 * - With IdentitiesOnly, the agent's certificates for a key that IdentityFile names are offered with it.
 * - `StrictHostKeyChecking no` accepts unknown keys but still refuses changed ones; only with `UserKnownHostsFile
 *   /dev/null` does it become `'insecure-accept-any'`. `ask` means `'reject'`: there is nobody to ask.
 * - ConnectTimeout limits TCP, identification line and key exchange separately, not together.
 * - ConnectionAttempts sets the number of attempts; the waits between them are this library's.
 * - CheckHostIP has no effect: keys are looked up by name.
 * - UpdateHostKeys is honoured only if it is `yes`; if not set, and with `ask`, known_hosts is not changed.
 * - Settings that do not concern connecting (forwards, terminals, ...) are ignored.
 *
 * @param alias the name as for `ssh`; `user@name` works too.
 * @throws {TypeError} for a file that cannot be read, an invalid value, and a setting that decides where or whether
 *   to connect but is not supported: `Match exec` (and other criteria), CanonicalizeHostname, RevokedHostKeys,
 *   ProxyUseFdpass, a ProxyCommand that needs a shell.
 *
 * @example
 * const connection = await connectViaGateway({ ...(await fromSshConfig('pc-of-kim')), retry: false });
 */
export async function fromSshConfig(
  alias: string,
  options: FromSshConfigOptions = {},
): Promise<ConnectOptions> {
  checkArgument('alias', alias, text('the name of a host, as for ssh,'));
  checkOptions(options, checks);
  const { readSshConfig } = await import('./ssh-config/index.ts');
  return readSshConfig(alias, options.file);
}
