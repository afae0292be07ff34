/**
 * How a worker reaches a PC:
 * - `published`: the gateway's address and the customer's port;
 * - `jump`: a login at the gateway, and the customer's port on its loopback;
 * - `socket`: a login at the gateway, and a Unix socket there.
 */
export type CustomerRoute = 'published' | 'jump' | 'socket';

/** The SSH server that the customers' PCs connect to. */
export interface CustomerGateway {
  /** The gateway's name or address. */
  host: string;
  /** The port of its sshd; 22 when the file does not say. */
  port: number;
  /** Its host keys, `ssh-ed25519 AAAA...`; empty: known_hosts is asked. */
  hostKey: readonly string[];
  /** How PCs are reached through this gateway, unless a customer says otherwise. */
  layout: CustomerRoute;
  /** The account that administers it; `root` when the file does not say. */
  operator: string;
  /** The workers' account on it, for the routes `jump` and `socket`. */
  username?: string;
  /** The private key file to log in at the gateway with; `~` is the home folder. */
  privateKeyPath?: string;
}

/** One customer, with the defaults of the file filled in. */
export interface Customer {
  /** The customer's key in the file. */
  code: string;
  /** The account on the gateway that the PC's tunnel logs in with. */
  account: string;
  /** The customer's port on the gateway. */
  port: number;
  /** The account on the PC that workers log in with; `rpa` when the file does not say. */
  username: string;
  /** The private key file to log in at the PC with; `~` is the home folder. */
  privateKeyPath?: string;
  /** The name of the PC's key in known_hosts; the code when the file does not say. */
  hostKeyAlias: string;
  /** The PC's host key, `ssh-ed25519 AAAA...`. Without it, known_hosts is asked for `hostKeyAlias`. */
  hostKey?: string;
  /** How the PC is reached through the gateway. */
  route: CustomerRoute;
  /** Free text for whoever reads the file, by name. */
  labels: Readonly<Record<string, string>>;
  /** `left`: the customer is gone; its PC is not connected to any more. */
  state: 'active' | 'left';
}

/** What {@link loadCustomers} has read. */
export interface Customers {
  /** Absolute path of the file. */
  file: string;
  /** The gateway that the customers' PCs hold their tunnels to. */
  gateway: CustomerGateway;
  /** By code, in the order of the file; those who have left included. */
  customers: ReadonlyMap<string, Customer>;
}
