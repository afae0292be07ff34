import { given } from '../check/given.ts';
import type { ConnectOptions, HostKeyOption } from '../options/types.ts';
import { type JumpHostOptions, jumpHost } from '../route/jump-host.ts';
import { nearest } from '../text/nearest.ts';
import { quoted } from '../text/printable.ts';
import type { Customer, CustomerGateway, Customers } from './types.ts';

/** The customer with that code. @throws {TypeError} if there is none, or it has left. */
export function activeCustomer({ file, customers }: Customers, code: string): Customer {
  const customer = customers.get(code);
  if (!customer) {
    const meant = nearest(code, [...customers.keys()]);
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
    throw new TypeError(`argument code: there is no customer ${quoted(code, 40)} in ${file}${hint}`);
  }
  if (customer.state === 'left') {
    throw new TypeError(`argument code: customer ${code} has left, says ${file}`);
  }
  return customer;
}

/** The options that lead to a customer's PC; `changeJump` can change those for the login at the gateway. */
export function customerConnectOptions(
  customers: Customers,
  code: string,
  changeJump: (options: ConnectOptions) => JumpHostOptions = (options) => options,
): ConnectOptions {
  const customer = activeCustomer(customers, code);
  const { username, privateKeyPath, route, port } = customer;
  const { gateway } = customers;
  const login = {
    username,
    hostKey: hostKeyOf(customer),
    ...given({ privateKeyPath }),
  };
  const jump = () => changeJump(workerOptions(gateway));
  if (route === 'published') return { ...login, host: gateway.host, port };
  if (route === 'jump') return { ...login, host: '127.0.0.1', port, via: jumpHost(jump()) };
  const socketPath = socketPathOf(customer);
  return { ...login, host: customer.hostKeyAlias, via: jumpHost({ ...jump(), socketPath }) };
}

/** The socket on which an account's tunnel listens with the layout `socket`. */
export function socketPathOf({ account }: Pick<Customer, 'account'>): string {
  return `/var/lib/ssh-via-gateway/${account}/pc.sock`;
}

/** The options that lead to the gateway itself, with one of its accounts. */
export function gatewayConnectOptions(gateway: CustomerGateway, username: string): ConnectOptions {
  const { host, port, hostKey } = gateway;
  return { host, port, username, ...(hostKey.length > 0 ? { hostKey: { key: hostKey } } : {}) };
}

function workerOptions(gateway: CustomerGateway): ConnectOptions {
  const { username, privateKeyPath } = gateway;
  if (username === undefined) {
    throw new TypeError(
      'option customers: the routes jump and socket need gateway.username, the workers’ account on the gateway',
    );
  }
  return {
    ...gatewayConnectOptions(gateway, username),
    ...given({ privateKeyPath }),
  };
}

function hostKeyOf({ hostKey, hostKeyAlias }: Customer): HostKeyOption {
  return hostKey === undefined ? { alias: hostKeyAlias } : { key: hostKey };
}
