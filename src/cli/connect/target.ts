import {
  activeCustomer,
  customerConnectOptions,
  gatewayConnectOptions,
} from '../../customers/connect-options.ts';
import type { Settings } from '../args/settings.ts';
import type { Io } from '../io.ts';
import {
  type ConnectOptions,
  type Customer,
  type Customers,
  CustomersFileError,
  loadCustomers,
} from '../library.ts';
import { UsageError } from '../usage-error.ts';
import { connectOptionsOf, destinationOf, lookUpHost, withSettings } from './settings.ts';

interface Asked {
  settings: Settings;
  io: Io;
}

/** A customer of the customers file, as `-c CODE` names it. */
export interface CustomerOfFile {
  customer: Customer;
  customers: Customers;
}

/** Where `-c CODE` leads: to the customer's PC; to the gateway as its tunnel does; to the gateway as the operator. */
export type Side = 'pc' | 'tunnel' | 'operator';

/** What to connect with: the customer of `-c CODE`, or else the destination among the arguments or in the environment. */
export async function targetOptions(
  positional: string | undefined,
  asked: Asked,
  side: Side = 'pc',
): Promise<ConnectOptions> {
  const { settings, io } = asked;
  const named = await customerOf(asked);
  if (!named) return connectOptionsOf(destinationOf(positional, io), settings, io);
  if (positional !== undefined) throw new UsageError('Give -c CODE or a destination, not both');
  return withSettings(await withLogin(sideOf(named, side), settings), settings, io);
}

/** The customer that `-c CODE` names, if it was given. @throws {UsageError} for what the customers file does not have. */
export async function customerOf({ settings }: Asked): Promise<CustomerOfFile | undefined> {
  const code = settings.text('customer');
  if (code === undefined) return undefined;
  const customers = await customersOf(settings);
  return asUsage(() => ({ customers, customer: activeCustomer(customers, code) }));
}

/** The customers file that `--customers` names. */
export function customersOf(settings: Settings): Promise<Customers> {
  return inFile(() => loadCustomers(settings.text('customers')));
}

/** What is wrong with the file is the user's to mend. */
export async function inFile<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof CustomersFileError ? new UsageError(error.message) : error;
  }
}

function sideOf({ customers, customer }: CustomerOfFile, side: Side): ConnectOptions {
  const { gateway } = customers;
  if (side === 'pc') return asUsage(() => customerConnectOptions(customers, customer.code));
  return gatewayConnectOptions(gateway, side === 'tunnel' ? customer.account : gateway.operator);
}

function asUsage<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(error.message.replace(/^option \w+: /, ''));
  }
}

/** Where the file names no key, the one that `ssh` would take. */
export async function withLogin(found: ConnectOptions, settings: Settings): Promise<ConnectOptions> {
  if (found.privateKeyPath !== undefined) return found;
  const { privateKeyPath, agent } = await lookUpHost({ host: found.host }, settings);
  return {
    ...found,
    ...(privateKeyPath === undefined ? {} : { privateKeyPath }),
    ...(agent === undefined ? {} : { agent }),
  };
}
