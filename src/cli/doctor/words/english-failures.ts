import { englishOnTheWay } from './english-on-the-way.ts';
import type { Words } from './words.ts';

const banned =
  'Wait some minutes, and let nobody connect meanwhile. Behind a tunnel every worker has the same address: raise MaxStartups and PerSourceMaxStartups, and take the address out of PerSourcePenalties (PerSourcePenaltyExemptList) there.';
const algorithms =
  'The server is very old, or very strict. Update it, or meet it halfway in ssh_config, for its Host: KexAlgorithms, HostKeyAlgorithms, Ciphers or MACs with + and what it offers (programs: the algorithms option).';

/** Where it failed, the most likely cause, and what to do. */
export const englishFailures: Words['failures'] = {
  ...englishOnTheWay,
  zombie: {
    says: () =>
      'accepted, then silence: a zombie. The PC has vanished, and its old session still holds the port',
    todo: 'Do not retry again and again: each connection keeps the zombie alive. It ends by itself after (ClientAliveCountMax + 1) x ClientAliveInterval of quiet, or now: ssh-via-gateway tunnels --end PORT GATEWAY. With tunnel --reclaim the PC does that itself. A PC that is just starting is silent for a while, too: --banner-timeout 2m waits longer.',
  },
  muteServer: {
    says: ({ at }) => `${at} accepted, then silence: no word of SSH`,
    todo: 'Its sshd hangs or is overloaded, or the machine is just starting: wait a minute, then look at the machine itself.',
  },
  muteGateway: {
    says: ({ at }) => `${at} accepted, then silence`,
    todo: 'Its sshd hangs or is overloaded. Nothing can be said of the PC: tell the administrator of the gateway.',
  },
  slowSpeaker: {
    says: ({ said }) => `it speaks, but not SSH: ${said}`,
    todo: 'Look at host and port: another service listens there. On a line that is very slow, --banner-timeout 2m waits longer.',
  },
  stoppedSpeaking: {
    says: ({ said }) => `it began its first line and fell silent: ${said}`,
    todo: 'The line broke just then, or its sshd hangs: try again in a minute. On a line that is very slow, --banner-timeout 2m waits longer.',
  },
  pcSshdDown: {
    says: () => 'accepted, then closed without a word: the tunnel is up, but the sshd of the PC is not',
    todo: 'On the PC: Get-Service sshd, then Start-Service sshd and Set-Service sshd -StartupType Automatic.',
  },
  zombieEnded: {
    says: () => 'accepted, silent for a while, then closed: a zombie that the gateway has just ended',
    todo: 'Wait a minute for the tunnel to come back, then ask again.',
  },
  closedServer: {
    says: ({ at }) => `${at} accepted, then closed without a word`,
    todo: 'This address is barred there (hosts.deny, a firewall, fail2ban, PerSourcePenalties), or sshd is broken.',
  },
  closedGateway: {
    says: ({ at }) => `${at} accepted, then closed without a word`,
    todo: 'The gateway bars this address (hosts.deny, a firewall, fail2ban, PerSourcePenalties), or its sshd is broken.',
  },
  maxStartups: {
    says: ({ at }) => `${at} refuses for now: too many unfinished logins at once (MaxStartups)`,
    todo: banned,
  },
  penalty: {
    says: ({ at }) => `${at} refuses this address for now: a penalty for failed logins (PerSourcePenalties)`,
    todo: banned,
  },
  webServer: {
    says: ({ at, said }) => `a web server or HTTP proxy answers at ${at}: "${said}"`,
    todo: 'Look at host and port. If it is a proxy on the way: --proxy http://HOST:PORT.',
  },
  tlsServer: {
    says: ({ at }) => `a TLS server (HTTPS) answers at ${at}, not an SSH server`,
    todo: 'Look at host and port. If it is a proxy on the way: --proxy https://HOST:PORT.',
  },
  otherServer: {
    says: ({ at, said, service }) =>
      service === ''
        ? `what answers at ${at} is not an SSH server: "${said}"`
        : `${service} answers at ${at}, and not an SSH server: "${said}"`,
    todo: 'Look at host and port: another service listens there, or sshd refuses in words of its own.',
  },
  oldSsh: {
    says: ({ at }) => `${at} speaks SSH 1 only, which is broken and not supported`,
    todo: 'Update the server.',
  },
  keysSilent: {
    says: () => 'an SSH server answered, and fell silent in the key exchange',
    todo: 'Large packets may be lost on the way (MTU of a VPN), or the server is overloaded.',
  },
  keysClosed: {
    says: ({ at }) => `${at} hung up before keys were agreed`,
    todo: `MaxStartups is reached, or this address is banned (PerSourcePenalties, fail2ban); or the tunnel broke just now. ${banned}`,
  },
  keysRefused: {
    says: ({ said }) => `the server ended the key exchange: "${said}"`,
    todo: 'These are the words of the server.',
  },
  noCommonKex: { says: () => 'no key exchange method in common', todo: algorithms },
  postQuantumOnly: {
    says: () => 'the server wants a post-quantum key exchange only',
    todo: 'Allow curve25519-sha256 beside it there (KexAlgorithms in sshd_config).',
  },
  noCommonHostKey: { says: () => 'no host key algorithm in common', todo: algorithms },
  noCommonCipher: { says: () => 'no cipher in common', todo: algorithms },
  noCommonMac: {
    says: () => 'no message authentication code (MAC) or compression in common',
    todo: algorithms,
  },
  impostor: {
    says: ({ at }) => `${at} does not own the host key that it shows`,
    todo: 'Do not connect: somebody is in between, or the server is broken.',
  },
  badCertificate: {
    says: ({ said }) => said,
    todo: 'The certificate is damaged, or somebody is in between: do not connect before its administrator has checked; they can sign the host key anew (ssh-keygen -s CA -h).',
  },
  damaged: {
    says: ({ said }) => said,
    todo: 'Look at what is in between (a proxy, a firewall that inspects SSH), and at the versions of both sides.',
  },
  knownHostsUnreadable: {
    says: ({ said }) => said,
    todo: 'A known_hosts file that cannot be read never counts as trust: correct its owner and mode (chmod 600), or name another one (--known-hosts).',
  },
  knownHostsUnwritable: {
    says: ({ said }) => said,
    todo: '--accept-new must remember the key: make the file writable for this account, or name another one (--known-hosts).',
  },
  hostKeyUnknown: {
    says: ({ fingerprint, knownAs }) =>
      `no key of this host is on record; it shows ${fingerprint}${knownAs && `, on record as ${knownAs}`}`,
    todo: ({ knownAs, keyFile, alias }) =>
      `${knownAs && `If this is ${knownAs}: --host-key-alias ${knownAs}. If not: `}Compare with the PC: ssh-keygen -lf C:\\ProgramData\\ssh\\${keyFile} (Linux: /etc/ssh). If it is the same, record it once ${alias ? `as ${alias}: --accept-new` : 'under a name of its own: --host-key-alias customer-12 --accept-new; programs then give that alias'}. Or pin it: --host-key with that fingerprint.`,
  },
  hostKeyUnknownGateway: {
    says: ({ at, fingerprint, knownAs }) =>
      `${at}: no key of this jump host is on record; it shows ${fingerprint}${knownAs && `, on record as ${knownAs}`}`,
    todo: ({ host, port, fingerprint, keyFile, knownAs, recordName }) =>
      `${knownAs && `If this is ${knownAs}: HostKeyAlias ${knownAs} for it in ssh_config. If not: `}Compare on that jump host: ssh-keygen -lf /etc/ssh/${keyFile}. If it is the same, pin it: --jump-host-key ${host}:${port}=${fingerprint}; or record it once: --accept-new${recordName && `, or in known_hosts a line of "${recordName}" and the content of that file`}.`,
  },
  hostKeyUncertified: {
    says: ({ said }) => said,
    todo: 'Ask whoever runs the certificate authority (CA) of the host keys.',
  },
  hostKeyChanged: {
    says: ({ fingerprint, record }) => `another key is on record; it shows ${fingerprint}${record}`,
    todo: 'The PC was reinstalled, the port now belongs to another PC, or somebody is in between. Ask before you change the record. --host-key-alias pins a PC instead of a port.',
  },
  hostKeyNotPinned: {
    says: ({ fingerprint }) => `another key was pinned; it shows ${fingerprint}`,
    todo: 'The fingerprint given (--host-key, customers file) is that of another machine, the PC was reinstalled, or somebody is in between. Ask before you change it.',
  },
  hostKeyRevoked: {
    says: ({ fingerprint, record }) => `the key ${fingerprint} is marked as revoked${record}`,
    todo: 'Do not connect: the key was withdrawn. Ask whoever keeps the known_hosts file.',
  },
  nothingToLogInWith: {
    says: () => 'there was nothing to log in with: no key, agent or password',
    todo: 'Give a key (--identity FILE), start an agent, or give a password (--password-file, --ask-password).',
  },
  methodNotTaken: {
    says: ({ tried, offered }) => `the server takes ${offered}; there was only ${tried}`,
    todo: 'Give what it takes: --identity for publickey; --password-file or --ask-password for password and keyboard-interactive.',
  },
  agentDead: {
    says: ({ tried }) => `there was only an agent to log in with, and it does not answer: ${tried}`,
    todo: 'Start the agent (ssh-agent; on Windows Start-Service ssh-agent), or correct where it is looked for: SSH_AUTH_SOCK, IdentityAgent of ssh_config. Or give a key: --identity FILE.',
  },
  agentUnsigned: {
    says: ({ tried }) => `the server takes a key of the agent, but the agent does not sign with it: ${tried}`,
    todo: 'Unlock the agent (ssh-add -X), have the key confirmed or touched where it asks for that, or give a key file: --identity FILE. A worker at night cannot confirm anything.',
  },
  secondFactor: {
    says: ({ tried, offered }) => `${tried} was right, but the server wants a second factor: ${offered}`,
    todo: 'Give it as well (--ask-password; one-time codes are asked for in a terminal), or have the account exempted: a worker cannot type codes (AuthenticationMethods in sshd_config).',
  },
  tooManyKeys: {
    says: ({ tried }) => `the server gave up after too many attempts; tried: ${tried}`,
    todo: 'More keys were offered than the server looks at (MaxAuthTries, 6 by default), often by an agent: give the right one by --identity.',
  },
  accountRefused: {
    says: ({ username, said }) => `the account ${username} may not log in: ${said}`,
    todo: 'The account has expired or is locked, or logins are barred for now (/etc/nologin). On Linux: chage -l, passwd -S; on Windows: net user NAME.',
  },
  passwordRefused: {
    says: ({ tried }) => `the login was refused; tried: ${tried}`,
    todo: ({ username }) =>
      `Do not try again and again: sshd bans addresses for that. Is the account ${username} right, with its domain, and let in (AllowUsers, DenyUsers, AllowGroups, PermitRootLogin)? Is the password right, and neither expired nor the account locked?`,
  },
  keyRefused: {
    says: ({ tried }) => `the login was refused; tried: ${tried}`,
    todo: ({ username }) =>
      `Do not try again and again: sshd bans addresses for that. Is the account ${username} right, let in (AllowUsers, DenyUsers, AllowGroups, PermitRootLogin), and neither expired nor locked? Is the public key in its authorized_keys, without a from= or expiry-time that shuts it out? May nobody else write to that file, its folder and the home folder (StrictModes)? For administrators Windows reads C:\\ProgramData\\ssh\\administrators_authorized_keys instead, and only if none but SYSTEM and Administrators may write it.`,
  },
  certificateRefused: {
    says: ({ tried }) => `the login was refused; tried: ${tried}`,
    todo: 'Do not try again and again: sshd bans addresses for that. Ask whoever issued the certificate; what it is for, and until when: ssh-keygen -L -f FILE-cert.pub.',
  },
  loginBroken: {
    says: ({ said }) => said,
    todo: 'The reason is here, not at the server: look at the key, the agent, and what is asked.',
  },
  loginSilent: {
    says: () => 'the server did not finish the login in time',
    todo: 'A domain controller that the PC cannot reach, or a login server that is slow, is the usual cause.',
  },
  loginCut: {
    says: ({ said }) => said,
    todo: 'The server hung up during the login: it bars the account or the address, its process failed, or the tunnel broke. Try again in a minute.',
  },
  sessionRefused: {
    says: ({ said }) => said,
    todo: 'The account may not do this: MaxSessions 0, a forced command, ForceCommand internal-sftp, restrict in authorized_keys, or no shell.',
  },
  sessionSilent: {
    says: ({ said }) => said,
    todo: 'The login works, but no session opens: the server is overloaded, or the set-up of the session hangs (PAM, home folder on a network drive).',
  },
  commandHangs: {
    says: () => 'a command that should end at once does not end',
    todo: 'Look at what the shell does when it starts: profile, AutoRun, a shell that waits for an answer, a forced command (ForceCommand, command= in authorized_keys), a home folder on a network drive that is gone.',
  },
  sftpRefused: {
    says: ({ said }) => `no SFTP: ${said}`,
    todo: 'sshd_config needs a line for it: "Subsystem sftp sftp-server.exe" on Windows, "Subsystem sftp internal-sftp" elsewhere; the program must be there, and no forced command may take its place.',
  },
  sftpSilent: {
    says: () => 'SFTP starts, but does not answer',
    todo: 'Its server hangs: a home folder on a network drive that is gone, a virus scanner, or a forced command in its place.',
  },
  sftpEnded: {
    says: () => 'SFTP starts, and ends before it sends anything',
    todo: 'The program of the Subsystem line in sshd_config is not there or does not start (use internal-sftp), a forced command or a login shell that refuses takes its place, or it is missing in a ChrootDirectory.',
  },
  sftpFails: {
    says: ({ said }) => `SFTP answers, but refuses the first request: ${said}`,
    todo: 'The folder in which the account starts cannot be read: look whether its home folder is there, and at owner and mode (or at the ChrootDirectory).',
  },
  sftpSpoilt: {
    says: ({ said }) => `what answers is not SFTP: ${said}`,
    todo: 'A shell that prints something when it starts breaks it: take that out of ~/.bashrc, AutoRun or the profile, or use internal-sftp.',
  },
  endedAtCommand: {
    says: ({ said }) => `the login works, but the connection ended at the first command: ${said}`,
    todo: 'Ask again. If it ends there again, the server ends the session: a ChrootDirectory that others than root may write to, a limit of the account or PAM, or a process of sshd that fails.',
  },
  lost: {
    says: ({ said }) => said,
    todo: 'The line broke while we looked. Ask again; if it breaks at the same place again, look at the log of the server.',
  },
  unknown: { says: ({ said }) => said, todo: 'Ask again with --verbose.' },
};
