import type { Words } from './words.ts';

const full =
  'Wait some minutes, and let nobody connect meanwhile. Its administrator can raise MaxStartups and PerSourceMaxStartups, and take the address that it sees out of PerSourcePenalties (PerSourcePenaltyExemptList).';
const place =
  'Look at the host and the port of that jump host (--jump, ProxyJump of ssh_config, the customers file)';
const dontHammer = 'Do not try again and again: sshd bans addresses for that.';

/** The same failures at a jump host, which is not the PC and has options of its own. */
export const englishAtJump: Words['atJump'] = {
  slowSpeaker: {
    says: ({ at, said }) => `${at} speaks, but not SSH: ${said}`,
    todo: `${place}: another service listens there. On a line that is very slow, --banner-timeout 2m waits longer.`,
  },
  stoppedSpeaking: {
    says: ({ at, said }) => `${at} began its first line and fell silent: ${said}`,
    todo: 'The line to that jump host broke just then, or its sshd hangs: try again in a minute. On a line that is very slow, --banner-timeout 2m waits longer.',
  },
  maxStartups: {
    says: ({ at }) => `${at} refuses for now: too many unfinished logins at once (MaxStartups)`,
    todo: full,
  },
  penalty: {
    says: ({ at }) => `${at} refuses this address for now: a penalty for failed logins (PerSourcePenalties)`,
    todo: full,
  },
  webServer: {
    says: ({ at, said }) => `a web server or HTTP proxy answers at ${at}: "${said}"`,
    todo: `${place}. If it is a proxy on the way: --proxy http://HOST:PORT.`,
  },
  tlsServer: {
    says: ({ at }) => `a TLS server (HTTPS) answers at ${at}, not an SSH server`,
    todo: `${place}. If it is a proxy on the way: --proxy https://HOST:PORT.`,
  },
  otherServer: {
    says: ({ at, said, service }) =>
      service === ''
        ? `what answers at ${at} is not an SSH server: "${said}"`
        : `${service} answers at ${at}, and not an SSH server: "${said}"`,
    todo: `${place}: another service listens there, or sshd refuses in words of its own.`,
  },
  keysClosed: {
    says: ({ at }) => `${at} hung up before keys were agreed`,
    todo: `It has reached MaxStartups, or bans the address that it sees (PerSourcePenalties, fail2ban). ${full}`,
  },
  hostKeyChanged: {
    says: ({ at, fingerprint, record }) =>
      `${at}: another key is on record for this jump host; it shows ${fingerprint}${record}`,
    todo: ({ host, port, fingerprint, keyFile }) =>
      `The jump host was reinstalled, its address belongs to another machine, or somebody is in between. Ask its administrator, and compare there: ssh-keygen -lf /etc/ssh/${keyFile}. If it is right, take the old line out and record the key once (--accept-new), or pin it: --jump-host-key ${host}:${port}=${fingerprint}.`,
  },
  hostKeyNotPinned: {
    says: ({ at, fingerprint }) =>
      `${at}: another key was pinned for this jump host; it shows ${fingerprint}`,
    todo: 'The fingerprint given (--jump-host-key, customers file) is that of another machine, the jump host was reinstalled, or somebody is in between. Ask its administrator before you change it.',
  },
  nothingToLogInWith: {
    says: ({ at }) => `${at}: there was nothing to log in with at this jump host: no key, agent or password`,
    todo: 'Give a key (--jump-identity FILE, or --identity for both), start an agent, or give the password of that account (--jump-password-file, --ask-jump-password).',
  },
  methodNotTaken: {
    says: ({ at, tried, offered }) => `${at} takes ${offered}; there was only ${tried}`,
    todo: 'Give what this jump host takes: --jump-identity for publickey; --jump-password-file or --ask-jump-password for password and keyboard-interactive.',
  },
  agentDead: {
    says: ({ at, tried }) =>
      `${at}: there was only an agent to log in with, and it does not answer: ${tried}`,
    todo: 'Start the agent (ssh-agent; on Windows Start-Service ssh-agent), or correct where it is looked for: SSH_AUTH_SOCK, IdentityAgent of ssh_config. Or give a key: --jump-identity FILE.',
  },
  agentUnsigned: {
    says: ({ at, tried }) =>
      `${at}: the jump host takes a key of the agent, but the agent does not sign with it: ${tried}`,
    todo: 'Unlock the agent (ssh-add -X), have the key confirmed or touched where it asks for that, or give a key file: --jump-identity FILE. A worker at night cannot confirm anything.',
  },
  secondFactor: {
    says: ({ at, tried, offered }) =>
      `${at}: ${tried} was right, but this jump host wants a second factor: ${offered}`,
    todo: 'Give it as well (--ask-jump-password; one-time codes are asked for in a terminal), or have the account exempted there: a worker cannot type codes (AuthenticationMethods in sshd_config).',
  },
  tooManyKeys: {
    says: ({ at, tried }) => `${at} gave up after too many attempts; tried: ${tried}`,
    todo: 'More keys were offered than the jump host looks at (MaxAuthTries, 6 by default), often by an agent: give the right one by --jump-identity.',
  },
  accountRefused: {
    says: ({ at, said }) => `${at}: the account there may not log in: ${said}`,
    todo: 'The account on that jump host has expired or is locked, or logins are barred there for now (/etc/nologin). There: chage -l NAME, passwd -S NAME.',
  },
  passwordRefused: {
    says: ({ at, tried }) => `${at} refused the login; tried: ${tried}`,
    todo: `${dontHammer} Is the account on that jump host right (user@HOST in --jump, User in ssh_config)? Is its password right, and neither expired nor the account locked?`,
  },
  keyRefused: {
    says: ({ at, tried }) => `${at} refused the login; tried: ${tried}`,
    todo: `${dontHammer} Is the account on that jump host right (user@HOST in --jump, User in ssh_config), let in (AllowUsers, DenyUsers, AllowGroups), and neither expired nor locked? Is the public key in its authorized_keys there, without a from= or expiry-time that shuts it out? If it wants another key than the PC: --jump-identity FILE. May nobody else write to that file, its folder and the home folder (StrictModes)?`,
  },
  loginSilent: {
    says: ({ at }) => `${at} did not finish the login in time`,
    todo: 'A domain controller or login server that the jump host cannot reach is the usual cause: tell its administrator.',
  },
  loginCut: {
    says: ({ said }) => said,
    todo: 'The jump host hung up during the login: it bars the account or the address, or its process failed. Try again in a minute.',
  },
  lost: {
    says: ({ said }) => said,
    todo: 'The line to the jump host broke while we looked. Ask again; if it breaks at the same place again, look at the log of the jump host.',
  },
};
