import { gatewayConnectOptions } from '../../customers/connect-options.ts';
import { type GatewayShell, localShell, remoteShell } from '../../setup/shell.ts';
import type { OptionSpec } from '../args/option-spec.ts';
import type { Settings } from '../args/settings.ts';
import { withOptions } from '../connect/open.ts';
import { connectOptionsOf, withSettings } from '../connect/settings.ts';
import { withLogin } from '../connect/target.ts';
import { whereTo } from '../connect/where.ts';
import type { Io } from '../io.ts';
import type { ConnectOptions, CustomerGateway } from '../library.ts';
import { UsageError } from '../usage-error.ts';

/** How every `setup` command reaches the gateway. */
export const shellOptions: readonly OptionSpec[] = [
  { name: 'local', help: 'this machine is the gateway: needs root, and no connection' },
  { name: 'sudo', help: 'become root on the gateway by sudo, which must ask for no password' },
];

interface Reach {
  settings: Settings;
  io: Io;
  /** The destination among the arguments, if one was given. */
  positional: string | undefined;
  /** The gateway in the customers file, if there is one. */
  gateway: CustomerGateway | undefined;
}

/** Runs `work` with a shell on the gateway: this machine, the destination, or the gateway in the customers file. */
export async function withGatewayShell<T>(
  reach: Reach,
  work: (shell: GatewayShell) => Promise<T>,
): Promise<T> {
  const { settings, io, positional } = reach;
  if (settings.flag('local')) {
    if (positional !== undefined) throw new UsageError('Give --local or a destination, not both');
    return work(localShell());
  }
  const options = await optionsOf(reach);
  const shell = { name: options.host, sudo: settings.flag('sudo') };
  return withOptions(options, { settings, io }, (connection) => work(remoteShell(connection, shell)));
}

async function optionsOf({ settings, io, positional, gateway }: Reach): Promise<ConnectOptions> {
  if (positional !== undefined || !gateway) {
    const where = whereTo(positional, { settings, io });
    if ('destination' in where) return connectOptionsOf(where.destination, settings, io);
    throw new UsageError('Which gateway? Give [user@]host[:port]');
  }
  const found = gatewayConnectOptions(gateway, gateway.operator);
  return withSettings(() => withLogin(found, settings), settings, io);
}
