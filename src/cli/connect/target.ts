import { given } from '../../check/given.ts';
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
import { isWrongPath } from '../put-whole.ts';
import { UsageError } from '../usage-error.ts';
import type { Hops } from './hops.ts';
import { connectOptionsOf, lookUpHost, withSettings } from './settings.ts';
import { whereTo } from './where.ts';

interface TargetRequest {
  settings: Settings;
  io: Io;
}

/** A customer of the customers file, as `-c CODE` selects one. */
interface CustomerOfFile {
  customer: Customer;
  customers: Customers;
}

/**
 * Where `-c CODE` leads: to the customer's PC; to the gateway with the tunnel's account; to the gateway as the
 * operator.
 */
export type Side = 'pc' | 'tunnel' | 'operator';

/** What to connect with: the customer of `-c CODE`, or else the destination in the arguments or the environment. */
export async function targetOptions(
  positional: string | undefined,
  asked: TargetRequest,
  side: Side = 'pc',
): Promise<ConnectOptions> {
  const { settings, io } = asked;
  const where = whereTo(positional, asked);
  if ('destination' in where) return connectOptionsOf(where.destination, settings, io);
  const named = await customerOfFile(where.customer, settings);
  // What is set for one PC must not lead to another customer's.
  const own = settings.withoutVariables(variablesOfOnePc);
  return withSettings((hops) => sideOf(named, side, own, hops), own, io);
}

const variablesOfOnePc = [
  'port',
  'user',
  'identity',
  'host-key',
  'host-key-alias',
  'known-hosts',
  'accept-new',
  'jump',
  'jump-host-key',
  'jump-identity',
  'proxy-command',
];

/** The selected customer, if any. @throws {UsageError} if the customers file does not have it. */
export async function customerOf(
  positional: string | undefined,
  asked: TargetRequest,
): Promise<CustomerOfFile | undefined> {
  const { settings } = asked;
  if (
    !settings.isArgument('customer') &&
    (positional !== undefined || settings.text('customer') === undefined)
  ) {
    return undefined;
  }
  const where = whereTo(positional, asked);
  return 'customer' in where ? customerOfFile(where.customer, settings) : undefined;
}

async function customerOfFile(code: string, settings: Settings): Promise<CustomerOfFile> {
  const customers = await customersOf(settings);
  return asUsage(settings, () => ({ customers, customer: activeCustomer(customers, code) }));
}

/** The customers file that `--customers` names. */
export function customersOf(settings: Settings): Promise<Customers> {
  return inFile(settings, () => loadCustomers(settings.text('customers')));
}

/** Turns errors in the file into usage errors, unless there is no room for it, or the like; if it cannot be read, the message names the option. */
export async function inFile<T>(settings: Settings, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CustomersFileError)) throw error;
    const { message } = error;
    const cause = error.cause as NodeJS.ErrnoException | undefined;
    if (cause !== undefined && !isWrongPath(cause)) throw new Error(message, { cause });
    const isUnread = /: (?:there is no such file$|it cannot be read)/.test(message);
    const isNamed = isUnread && settings.isGiven('customers');
    const source = isNamed ? `${settings.sourceOf('customers')}: ` : '';
    const other = isNamed ? '' : '--customers FILE names another, and ';
    const more = `; ${other}customers add --gateway HOST creates one`;
    throw new UsageError(source + message.replace(/there is no such file$/, `$&${more}`));
  }
}

async function sideOf(
  { customers, customer }: CustomerOfFile,
  side: Side,
  settings: Settings,
  hops: Hops | undefined,
): Promise<ConnectOptions> {
  const { gateway } = customers;
  if (side !== 'pc') {
    const account = side === 'tunnel' ? customer.account : gateway.operator;
    return withLogin(gatewayConnectOptions(gateway, account), settings);
  }
  const login = await loginOf(
    { host: gateway.host, username: gateway.username ?? gateway.operator },
    settings,
  );
  // The gateway is a jump host on routes that lead through it.
  const jump = (one: ConnectOptions) => (hops ? hops.optionsOf({ ...login, ...one }) : one);
  return withLogin(
    asUsage(settings, () => customerConnectOptions(customers, customer.code, jump)),
    settings,
  );
}

function asUsage<T>(settings: Settings, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const source = settings.sourceOf('customer');
    throw new UsageError(error.message.replace(/^option \w+: /, '').replace(/^argument code\b/, source));
  }
}

/** If the file names no key, uses the one that `ssh` would use. */
export async function withLogin(found: ConnectOptions, settings: Settings): Promise<ConnectOptions> {
  return found.privateKeyPath === undefined ? { ...(await loginOf(found, settings)), ...found } : found;
}

async function loginOf(
  { host, username: user }: Pick<ConnectOptions, 'host' | 'username'>,
  settings: Settings,
): Promise<Pick<ConnectOptions, 'privateKeyPath' | 'agent' | 'agentFirst'>> {
  const { privateKeyPath, agent, agentFirst } = await lookUpHost({ host, user }, settings);
  return given({ privateKeyPath, agent, agentFirst });
}
