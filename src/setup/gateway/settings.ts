import type { CustomerRoute } from '../../customers/types.ts';

/** The settings for a gateway's sshd. All values have been checked. */
export interface GatewaySettings {
  layout: CustomerRoute;
  /** Seconds between sshd's probes of a silent PC, and how many may remain unanswered. */
  clientAliveInterval: number;
  clientAliveCountMax: number;
  /** `start:rate:full`, as in sshd_config. */
  maxStartups: string;
  /** sshd's configuration file; its Include names the folder for ours. */
  config: string;
  sshd: string;
  /** The command that reloads sshd; if empty, it is determined. */
  reload: string;
}

export const tunnelGroup = 'tunnels';
/** The group that may connect to the Unix sockets. */
export const workerGroup = 'tunnel-workers';
export const stateFolder = '/var/lib/ssh-via-gateway';
export const helperPath = '/usr/local/lib/ssh-via-gateway/tunnel-helper';
export const dropInName = '10-ssh-via-gateway.conf';

export const defaultGatewaySettings: GatewaySettings = {
  layout: 'published',
  clientAliveInterval: 15,
  clientAliveCountMax: 3,
  maxStartups: '100:30:500',
  config: '/etc/ssh/sshd_config',
  sshd: '/usr/sbin/sshd',
  reload: '',
};

/** sshd's settings for the tunnel accounts, keyword by keyword. */
function tunnelKeywords(settings: GatewaySettings): ReadonlyArray<readonly [keyword: string, value: string]> {
  const isSocket = settings.layout === 'socket';
  return [
    // The global settings may differ; a PC logs in with its key, which `setup customer` puts here.
    ['PubkeyAuthentication', 'yes'],
    ['AuthenticationMethods', 'publickey'],
    ['AuthorizedKeysFile', '.ssh/authorized_keys'],
    ['AuthorizedKeysCommand', 'none'],
    // The helper would not be inside another root.
    ['ChrootDirectory', 'none'],
    ['DisableForwarding', 'no'],
    ['PermitListen', 'any'],
    // Without this, sshd refuses Unix sockets, too.
    ['AllowTcpForwarding', 'remote'],
    ['GatewayPorts', settings.layout === 'published' ? 'clientspecified' : 'no'],
    ['PermitOpen', 'none'],
    ['AllowStreamLocalForwarding', isSocket ? 'remote' : 'no'],
    ...(isSocket
      ? ([
          ['StreamLocalBindUnlink', 'yes'],
          ['StreamLocalBindMask', '0117'],
        ] as const)
      : []),
    ['AllowAgentForwarding', 'no'],
    ['X11Forwarding', 'no'],
    ['PermitTTY', 'no'],
    ['PermitTunnel', 'no'],
    ['PermitUserRC', 'no'],
    ['PasswordAuthentication', 'no'],
    ['KbdInteractiveAuthentication', 'no'],
    ['MaxSessions', '2'],
    ['ClientAliveInterval', String(settings.clientAliveInterval)],
    ['ClientAliveCountMax', String(settings.clientAliveCountMax)],
    ['ForceCommand', `exec ${helperPath}`],
  ];
}

/** The file for sshd_config.d. */
export function dropInText(settings: GatewaySettings): string {
  return [
    '# Made by ssh-via-gateway setup gateway. It is replaced as a whole: put settings of your own into another file.',
    '',
    '# A fleet comes back all at once after a restart.',
    `MaxStartups ${settings.maxStartups}`,
    '',
    '# Accounts that keep the tunnels of PCs: each may hold its own port (permitlisten in its authorized_keys), and',
    '# run the helper that reclaims it from its own dead session; nothing else.',
    `Match Group ${tunnelGroup}`,
    ...tunnelKeywords(settings).map(([keyword, value]) => `  ${keyword} ${value}`),
    '',
  ].join('\n');
}

/** What `sshd -T -C` must print with this file. */
export function expectedSettings(settings: GatewaySettings): string {
  const lines = tunnelKeywords(settings).map(([keyword, value]) => `${keyword.toLowerCase()} ${value}`);
  return [`maxstartups ${settings.maxStartups}`, ...lines].join('\n');
}
