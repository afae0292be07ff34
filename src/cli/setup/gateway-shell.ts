import { gatewayConnectOptions } from '../../customers/connect-options.ts';
import { type GatewayShell, localShell, remoteShell, SetupFailed } from '../../setup/shell.ts';
import { orAborted } from '../../time/on-abort.ts';
import type { OptionSpec } from '../args/option-spec.ts';
import type { Settings } from '../args/settings.ts';
import { withOptions } from '../connect/open.ts';
import { connectOptionsOf, withSettings } from '../connect/settings.ts';
import { withLogin } from '../connect/target.ts';
import { whereTo } from '../connect/where.ts';
import type { Io } from '../io.ts';
import { type ConnectOptions, type CustomerGateway, isSshError } from '../library.ts';
import { stoppedWith } from '../stopped.ts';
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
  /** The work changes the gateway. */
  isChange: boolean;
}

/**
 * Runs `work` with a shell on the gateway: this machine, the destination, or the gateway in the customers file. If the
 * user stops it, or the connection is lost, the error says whether the gateway may have been changed.
 */
export async function withGatewayShell<T>(
  reach: Reach,
  work: (shell: GatewayShell) => Promise<T>,
): Promise<T> {
  let mayHaveChanged = false;
  const watched = (shell: GatewayShell) => {
    const run: GatewayShell['run'] = (argv) => {
      if (!reach.io.signal.aborted) mayHaveChanged = reach.isChange;
      // A script that has begun cannot be called back.
      return orAborted(shell.run(argv), reach.io.signal);
    };
    return work({ ...shell, run });
  };
  try {
    return await reachShell(reach, watched);
  } catch (error) {
    const { signal } = reach.io;
    const known = mayHaveChanged ? `the gateway may have been changed. ${again}` : 'nothing was changed';
    if (signal.aborted) throw stoppedWith(signal.reason, { known: `stopped: ${known}` });
    if (!mayHaveChanged || !(error instanceof SetupFailed) || !isSshError(error.cause)) throw error;
    throw new SetupFailed(`${error.message}; ${known}`, { cause: error.cause });
  }
}

const again = 'The same command again completes it, or says that all is as it should be';

async function reachShell<T>(reach: Reach, work: (shell: GatewayShell) => Promise<T>): Promise<T> {
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
