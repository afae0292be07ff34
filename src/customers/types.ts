/**
 * How a worker reaches a PC:
 * - `published`: the gateway's address and the customer's port;
 * - `jump`: a login at the gateway, and the customer's port on its loopback;
 * - `socket`: a login at the gateway, and a Unix socket there.
 */
export type CustomerRoute = 'published' | 'jump' | 'socket';

/** The SSH server that the customers' PCs connect to. */
export interface CustomerGateway {
  /** The gateway's host name or address. */
  host: string;
  /** The port of its sshd; 22 if the file does not say. */
  port: number;
  /** Its host keys, `ssh-ed25519 AAAA...`; if empty, known_hosts is used. */
  hostKey: readonly string[];
  /** The route to PCs for customers that do not set one. */
  layout: CustomerRoute;
  /** The account that administers it; `root` if the file does not say. */
  operator: string;
  /** The workers' account on it, for the routes `jump` and `socket`. */
  username?: string;
  /** Path of the private key for the gateway; `~` is the home folder. */
  privateKeyPath?: string;
}

/** One customer, with the file's defaults filled in. */
export interface Customer {
  /** The customer's code, its key in the file. */
  code: string;
  /** The account on the gateway that the PC's tunnel uses. */
  account: string;
  /** The customer's port on the gateway. */
  port: number;
  /** The account on the PC that workers use; `rpa` if the file does not say. */
  username: string;
  /** Path of the private key for the PC; `~` is the home folder. */
  privateKeyPath?: string;
  /** The name of the PC in known_hosts; the code if the file does not say. */
  hostKeyAlias: string;
  /** The PC's host key, `ssh-ed25519 AAAA...`. If absent, `hostKeyAlias` is looked up in known_hosts. */
  hostKey?: string;
  /** How the PC is reached through the gateway. */
  route: CustomerRoute;
  /** Free text by name, for people who read the file. */
  labels: Readonly<Record<string, string>>;
  /** `left`: no longer a customer; its PC is not connected to. */
  state: 'active' | 'left';
}

/** The result of {@link loadCustomers}. */
export interface Customers {
  /** Absolute path of the file. */
  file: string;
  /** The gateway that the customers' PCs connect to. */
  gateway: CustomerGateway;
  /** By code, in the order of the file, including those who have left. */
  customers: ReadonlyMap<string, Customer>;
}
