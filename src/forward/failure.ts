import { PortForwardFailed } from '../errors/index.ts';
import type { Where } from '../ssh2/channels/link.ts';
import { quoted } from '../text/printable.ts';
import type { ListenAddress } from './check.ts';

/** This machine refused the listener of a local forward. */
export function localForwardFailed(
  where: Where,
  address: ListenAddress,
  error: NodeJS.ErrnoException,
): PortForwardFailed {
  const reason = error.code ?? error.message;
  return new PortForwardFailed(`Could not listen on ${show(address)} of this machine: ${reason}`, {
    ...where,
    ...listenFields(address),
    phase: 'forward',
    direction: 'local',
    reason,
    retryable: reason === 'EADDRINUSE',
    hint: localHint(reason, address),
    cause: error,
  });
}

/** The server refused to listen. `serverSaid` is OpenSSH's debug message, if there was one. */
export function remoteForwardFailed(
  where: Where,
  address: ListenAddress,
  serverSaid: string | undefined,
  cause: Error,
): PortForwardFailed {
  const reason = remoteReason(address, serverSaid);
  const server = `${where.host}:${where.port}`;
  return new PortForwardFailed(`${server} refused to listen on ${show(address)}: ${remoteText(reason)}`, {
    ...where,
    ...listenFields(address),
    phase: 'forward',
    direction: 'remote',
    reason,
    retryable: reason === 'port-taken' || reason === 'path-taken',
    hint: remoteHint(reason, serverSaid),
    cause,
  });
}

type RemoteReason = 'port-taken' | 'path-taken' | 'privileged-port' | 'not-permitted' | 'forwarding-disabled';

/** On the wire, all refusals look alike; OpenSSH's debug messages give the reason, or else the address suggests it. */
function remoteReason(address: ListenAddress, serverSaid = ''): RemoteReason {
  if (/has disabled (port|streamlocal) forwarding/.test(serverSaid)) {
    // Before 9.x, sshd sends the same for a port that only root may bind.
    return isPrivileged(address) ? 'privileged-port' : 'forwarding-disabled';
  }
  if (serverSaid.startsWith('port forwarding refused')) return 'not-permitted';
  if (address.path !== undefined) return 'path-taken';
  return isPrivileged(address) ? 'privileged-port' : 'port-taken';
}

function isPrivileged(address: ListenAddress): boolean {
  return address.path === undefined && address.port > 0 && address.port < 1024;
}

function remoteText(reason: RemoteReason): string {
  switch (reason) {
    case 'port-taken':
      return 'the port is taken';
    case 'path-taken':
      return 'the socket exists already, or its folder cannot be written';
    case 'privileged-port':
      return 'ports below 1024 are for root';
    case 'not-permitted':
      return 'this account may not listen there';
    case 'forwarding-disabled':
      return 'forwarding is switched off';
  }
}

function remoteHint(reason: RemoteReason, serverSaid: string | undefined): string {
  switch (reason) {
    case 'port-taken':
      return (
        'A zombie session probably holds it: one whose client has vanished. sshd frees the port after about ' +
        '(ClientAliveCountMax + 1) x ClientAliveInterval of quiet (never without ClientAliveInterval); ' +
        'the option `reclaim` of keepReverseTunnel frees it now.'
      );
    case 'path-taken':
      return 'With `StreamLocalBindUnlink yes` in sshd_config a new forward takes over an old socket at once; without it the file must be removed first.';
    case 'privileged-port':
      return 'sshd listens as the user who logged in. Use port 1024 or higher, or publish it by other means.';
    case 'not-permitted':
      return 'Look at permitlisten in the account’s authorized_keys and at PermitListen in sshd_config.';
    case 'forwarding-disabled':
      return `The server said ${quoted(serverSaid ?? '')}: look at AllowTcpForwarding, AllowStreamLocalForwarding and DisableForwarding in sshd_config, and at no-port-forwarding or restrict in authorized_keys.`;
  }
}

function localHint(reason: string, address: ListenAddress): string | undefined {
  switch (reason) {
    case 'EADDRINUSE':
      return address.path === undefined
        ? 'Another program listens there; listenPort 0 takes a free port.'
        : 'Something listens there, or the file of an old socket was left behind: remove it.';
    case 'EACCES':
      return isPrivileged(address)
        ? 'Ports below 1024 need root on this machine; use port 1024 or higher.'
        : 'This account may not listen there.';
    case 'EADDRNOTAVAIL':
      return 'listenHost is not an address of this machine.';
    case 'ENOTFOUND':
      return 'listenHost has no address.';
    default:
      return undefined;
  }
}

function listenFields(address: ListenAddress) {
  return address.path === undefined
    ? { listenHost: address.host, listenPort: address.port }
    : { listenPath: address.path };
}

function show(address: ListenAddress): string {
  return address.path ?? `${address.host || '*'}:${address.port}`;
}
