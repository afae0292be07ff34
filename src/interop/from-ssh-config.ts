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
 * Options for `connectViaGateway` out of OpenSSH's client configuration: what `ssh alias` would use.
 *
 * Understood: Host, Match (all, host, originalhost, user, localuser, canonical, final), Include; HostName, Port,
 * User, IdentityFile, CertificateFile, IdentityAgent, IdentitiesOnly, PubkeyAuthentication, ProxyJump, ProxyCommand, ConnectTimeout,
 * ConnectionAttempts, ServerAliveInterval, ServerAliveCountMax, StrictHostKeyChecking, UserKnownHostsFile,
 * GlobalKnownHostsFile, HostKeyAlias, HashKnownHosts, UpdateHostKeys, Ciphers, MACs, KexAlgorithms, HostKeyAlgorithms,
 * PubkeyAcceptedAlgorithms, Compression; the tokens
 * `%% %d %h %i %k %L %l %n %p %r %u` and `${VARIABLES}`. What the configuration does not say keeps this library's
 * default.
 *
 * Other than OpenSSH:
 * - Every IdentityFile that is there is tried, but one with a passphrase is left to the agent. Where there is no agent and
 *   it is the first, give `passphrase` beside these options.
 * - A CertificateFile that holds no user certificate, or one for none of the keys, is a TypeError when connecting; ssh
 *   passes over it. One that is not there does not keep the certificates beside the keys from being used.
 * - With IdentitiesOnly, the certificates that the agent has of a key that IdentityFile names are shown with it.
 * - `StrictHostKeyChecking no` accepts unknown keys but still refuses changed ones; only together with
 *   `UserKnownHostsFile /dev/null` it becomes `'insecure-accept-any'`. `ask` is `'reject'`: there is nobody to ask.
 * - ConnectTimeout limits TCP, identification line and key exchange each, not their sum.
 * - ConnectionAttempts counts attempts; the waits between them are this library's.
 * - CheckHostIP has no effect: keys are looked up by name.
 * - UpdateHostKeys is honoured where it says `yes`; without a word, and with `ask`, known_hosts is not changed.
 * - Settings that a connection of this library has no use for (forwards, terminals, ...) are ignored.
 *
 * @param alias the name as for `ssh`; `user@name` is understood.
 * @throws {TypeError} for a file that cannot be read, a value that makes no sense, and for what would change where
 *   or whether to connect and cannot be honoured: `Match exec` (and other criteria), CanonicalizeHostname,
 *   RevokedHostKeys, ProxyUseFdpass, a ProxyCommand that needs a shell.
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
