import { given } from './check/given.ts';
import { type Checks, checkArgument, checkOptions, optional } from './check/options.ts';
import { type Check, text } from './check/values.ts';
import { wrongType } from './check/wrong.ts';
import { connectViaGateway } from './connect-via-gateway.ts';
import type { Connection } from './connection.ts';
import { customerConnectOptions } from './customers/connect-options.ts';
import { loadCustomers } from './customers/load.ts';
import type { Customers } from './customers/types.ts';
import type { ConnectOptions } from './options/types.ts';
import { connectChecks } from './options/validate.ts';

/** Options of {@link connectToCustomer}. Connection options override what the customers file says. */
export interface ConnectToCustomerOptions extends Partial<ConnectOptions> {
  /**
   * Path of the customers file, or the result of `loadCustomers`. Default: `$SSH_VIA_GATEWAY_CUSTOMERS`, else
   * `customers.json` in the working folder.
   */
  customers?: string | Customers;
}

const customersFile = text('the path of a customers file, or what loadCustomers has read,');

const checkCustomers: Check = (name, value) => {
  if (isLoaded(value)) return;
  if (typeof (value as { then?: unknown } | null)?.then === 'function')
    throw wrongType(name, value, 'what loadCustomers has read (await it)');
  customersFile(name, value);
};

const checks: Checks<ConnectToCustomerOptions> = { ...optional(connectChecks), customers: checkCustomers };

/**
 * Connects to a customer's PC as the customers file describes it: see {@link loadCustomers}.
 *
 * @param code the customer's code in the file.
 * @throws {TypeError} for an unknown code, a customer who has left, a faulty file (`CustomersFileError`) and wrong
 *   options. Then whatever `connectViaGateway` throws.
 *
 * @example
 * await using pc = await connectToCustomer('acme', { customers: 'customers.json' });
 * await pc.exec('hostname');
 */
export async function connectToCustomer(
  code: string,
  options: ConnectToCustomerOptions = {},
): Promise<Connection> {
  checkArgument('code', code, text('the code of a customer'));
  checkOptions(options, checks);
  const { customers, ...others } = options;
  const known = isLoaded(customers) ? customers : await loadCustomers(customers);
  return connectViaGateway({ ...customerConnectOptions(known, code), ...given(others) });
}

function isLoaded(customers: unknown): customers is Customers {
  return (customers as Partial<Customers> | undefined)?.customers instanceof Map;
}
