import type { SshError } from '../library.ts';
import type { Finding } from './steps.ts';

/** What an error means for somebody who wants to reach a PC behind a gateway, and what to do. */
type Advice = Record<string, { says: (error: SshError) => string; todo: string }>;

const table: Advice = {
  SSH_HOST_NOT_FOUND: {
    says: ({ host }) => `the name ${host} has no address`,
    todo: 'Look at its spelling; some names exist only inside a VPN.',
  },
  SSH_TCP_TIMEOUT: {
    says: ({ host, port }) => `${host}:${port} does not answer at all`,
    todo: 'The gateway is off, the network on the way is down, or a firewall drops the packets: look whether it lets this machine in.',
  },
  SSH_CONNECTION_REFUSED: {
    says: ({ host, port }) => `${host} answers, but nothing listens on port ${port}: no tunnel is up`,
    todo: 'The PC is off, or its tunnel is down: look at the PC. Which ports listen: ssh-via-gateway tunnels GATEWAY.',
  },
  SSH_BANNER_TIMEOUT: {
    says: () =>
      'accepted, then silence: a zombie. The PC has vanished, and its old session still holds the port',
    todo: 'Do not knock again and again: each connect keeps the zombie alive. It ends by itself after (ClientAliveCountMax + 1) x ClientAliveInterval of quiet, or now: ssh-via-gateway tunnels --end PORT GATEWAY. With tunnel --reclaim the PC does that itself.',
  },
  SSH_BANNER_MISSING: {
    says: () => 'accepted, then closed without a word: the tunnel is up, but the sshd of the PC is not',
    todo: 'On the PC: Get-Service sshd, then Start-Service sshd and Set-Service sshd -StartupType Automatic.',
  },
  SSH_BANNER_INVALID: {
    says: (error) => error.message,
    todo: 'What answers is not an SSH server, or it refuses in words: look at host and port, and at what it says.',
  },
  SSH_HANDSHAKE_TIMEOUT: {
    says: () => 'an SSH server answered, and fell silent in the key exchange',
    todo: 'Large packets may be lost on the way (MTU of a VPN), or the server is overloaded.',
  },
  SSH_HANDSHAKE_FAILED: {
    says: (error) => error.message,
    todo: 'Closed before the keys: MaxStartups is reached or this address is banned; wait a minute. No common algorithm: the server is very old; look at the algorithms option of the library.',
  },
  SSH_HOST_KEY_UNKNOWN: {
    says: (error) => `no key of this host is on record; it shows ${fingerprintOf(error)}`,
    todo: 'Compare with the PC: ssh-keygen -lf C:\\ProgramData\\ssh\\ssh_host_ed25519_key.pub. If it is the same, give --accept-new once, or --host-key with that fingerprint.',
  },
  SSH_HOST_KEY_MISMATCH: {
    says: (error) => `another key is on record; it shows ${fingerprintOf(error)}${placeOf(error)}`,
    todo: 'The PC was installed anew, the port now belongs to another PC, or somebody is in between. Ask before you change the record. --host-key-alias pins a PC instead of a port.',
  },
  SSH_HOST_KEY_REVOKED: {
    says: (error) => `the key ${fingerprintOf(error)} is marked as revoked${placeOf(error)}`,
    todo: 'Do not connect: the key was withdrawn. Ask whoever keeps the known_hosts file.',
  },
  SSH_AUTHENTICATION_FAILED: {
    says: (error) => `the login was refused; tried: ${triedOf(error)}`,
    todo: 'Do not try again and again: sshd bans for it. Is the public key in authorized_keys? For administrators Windows reads C:\\ProgramData\\ssh\\administrators_authorized_keys instead, and only if none but SYSTEM and Administrators may write it.',
  },
  SSH_AUTH_TIMEOUT: {
    says: () => 'the server did not finish the login in time',
    todo: 'A domain controller that the PC cannot reach, or a login server that is slow, is the usual cause.',
  },
  SSH_CHANNEL_OPEN_FAILED: {
    says: (error) => error.message,
    todo: 'The account may not do this: a forced command, ForceCommand internal-sftp, restrict in authorized_keys, no shell, or a subsystem that sshd_config does not name.',
  },
  SSH_COMMAND_TIMEOUT: {
    says: () => 'a command that should end at once does not end',
    todo: 'Look at what the shell does when it starts: profile, AutoRun, a shell that waits for a question.',
  },
  SSH_CONNECTION_LOST: {
    says: (error) => error.message,
    todo: 'The line broke while we looked. Ask again; if it breaks at the same place again, look at the log of the server.',
  },
};

/** An error as a finding. */
export function findingOf(error: SshError, ms?: number): Finding {
  const known = table[error.code];
  return {
    verdict: 'fail',
    says: known ? known.says(error) : error.message,
    todo: known?.todo ?? error.hint,
    code: error.code,
    ...(ms === undefined ? {} : { ms }),
  };
}

function fingerprintOf(error: SshError): string {
  return (error as SshError & { fingerprint?: string }).fingerprint ?? 'a key';
}

function placeOf(error: SshError): string {
  const { file, line } = error as SshError & { file?: string; line?: number };
  return file === undefined ? '' : ` (${file}${line === undefined ? '' : `, line ${line}`})`;
}

function triedOf(error: SshError): string {
  const { methodsTried = [] } = error as SshError & { methodsTried?: readonly string[] };
  return methodsTried.join(', ') || 'nothing: no key, agent or password was given';
}
