import type { FailureWords } from './words.ts';

/** From the name to the first server: where the connection stops. */
export const englishOnTheWay = {
  nameUnknown: {
    says: ({ host }) => `the name ${host} has no address`,
    todo: 'Look at its spelling; some names exist only inside a VPN.',
  },
  nameServerSilent: {
    says: ({ said }) => `the name server does not answer (${said})`,
    todo: 'Look at the network of this machine and at its name servers.',
  },
  hostSilent: {
    says: ({ at }) => `${at} does not answer at all`,
    todo: 'The gateway is off, the network on the way is down, or a firewall drops the packets: look whether it lets this machine in.',
  },
  gatewaySilent: {
    says: ({ at }) => `${at} does not answer at all`,
    todo: 'The gateway is off, the network on the way is down, or a firewall drops the packets. No other PC behind it can be reached either: tell its administrator.',
  },
  routeSilent: {
    says: ({ at }) => `the way to ${at} did not open in time`,
    todo: 'A jump host or a proxy on the way is slow or silent: try each by itself.',
  },
  noTunnel: {
    says: ({ host, port }) => `${host} answers, but nothing listens on port ${port}: no tunnel is up`,
    todo: "The PC is off, its tunnel is down, or it is open on the gateway's loopback only (-R 0.0.0.0:PORT:...): look at the PC. Which ports listen, and at which addresses: ssh-via-gateway tunnels --json GATEWAY.",
  },
  noSshd: {
    says: ({ host, port }) => `${host} answers, but nothing listens on port ${port}: no sshd is running`,
    todo: 'Start sshd there (systemctl start ssh; on Windows Start-Service sshd). A PC behind the gateway has a published port: give it (HOST:PORT).',
  },
  gatewayRefuses: {
    says: ({ at }) => `${at} refuses: no sshd is running there`,
    todo: 'Tell the administrator of the gateway: its sshd is down, or listens on another port.',
  },
  nextJumpRefuses: {
    says: ({ at, host, port }) =>
      `${at} works, but nothing listens at ${host}:${port}, the next jump host: no sshd is running there`,
    todo: 'Tell the administrator of that next jump host: its sshd is down, or listens on another port (--jump, ProxyJump of ssh_config).',
  },
  noSocketBehindGateway: {
    says: ({ said }) => `the gateway works, but nothing listens on the socket of the PC there: ${said}`,
    todo: 'The PC is off, or its tunnel is down: look at the PC. If the tunnel says that the socket is taken, the gateway needs StreamLocalBindUnlink yes.',
  },
  noTunnelBehindGateway: {
    says: ({ host, port }) =>
      `the gateway works, but nothing listens at ${host}:${port} behind it: no tunnel is up`,
    todo: 'The PC is off, or its tunnel is down: look at the PC. Which ports listen: ssh-via-gateway tunnels GATEWAY.',
  },
  gatewayForbids: {
    says: ({ said }) => `the jump host works, but may not forward: ${said}`,
    todo: 'Look at its sshd_config (AllowTcpForwarding, AllowStreamLocalForwarding, DisableForwarding, PermitOpen), and at restrict or permitopen in authorized_keys of that account.',
  },
  gatewayCannotReach: {
    says: ({ said }) => `the jump host works, but cannot reach the next host: ${said}`,
    todo: 'Host and port are seen from the jump host: is the name known there, is that machine up, and does no firewall between them drop the packets?',
  },
  networkDown: {
    says: ({ said }) => said,
    todo: 'Look at the network of this machine (VPN, default route) and at the firewall on the way.',
  },
  proxyCommandMissing: {
    says: ({ said }) => said,
    todo: 'Give the full path of the program in --proxy-command or ProxyCommand.',
  },
  proxyCommandFailed: {
    says: ({ said }) => said,
    todo: 'The command could not connect, lost its connection, or reached something other than an SSH server. Run it by hand, with the same host and port, to see more.',
  },
  proxyDown: {
    says: ({ said }) => said,
    todo: 'The proxy itself is down, its name or port is wrong, or the network on the way to it is down. The gateway has not been contacted yet.',
  },
  proxyWantsLogin: {
    says: ({ said }) => said,
    todo: 'Set SSH_VIA_GATEWAY_PROXY to the URL with user name and password; on the command line everybody could read it.',
  },
  proxyForbids: {
    says: ({ said }) => said,
    todo: 'Ask its administrator to allow this host and port.',
  },
  proxyCannotReach: {
    says: ({ said }) => said,
    todo: 'The proxy works. Is the host up, and does its name have an address where the proxy stands?',
  },
  proxyStrange: {
    says: ({ said }) => said,
    todo: 'Look at --proxy: the kind (http, https, socks5), the host and the port.',
  },
} satisfies Record<string, FailureWords>;
