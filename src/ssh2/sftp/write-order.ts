import { hasSftpOfOpenSsh } from '../transport/server-kind.ts';

/**
 * How a server takes the writes of one file.
 * - `free`: anywhere in it, from several sessions, and each request after the one before: OpenSSH's own server.
 * - `in turn`: nothing is known. They leave in the order of the file and on one session, many at once.
 * - `one by one`: found out or told on this connection. Each leaves when the one before is answered: a server may be
 *   strict (rclone, gateways to object stores) and have several workers (Go), which change the order of what waits.
 */
export type WriteOrder = 'free' | 'in turn' | 'one by one';

/** What a connection has found out about its server; all its sessions share it. */
export interface Findings {
  writesOneByOne: boolean;
}

/** What one session may do with the writes of a file. */
export class Writes {
  #assumed: WriteOrder;
  readonly #findings: Findings;

  constructor(assumed: WriteOrder, findings: Findings = { writesOneByOne: false }) {
    this.#assumed = assumed;
    this.#findings = findings;
  }

  get order(): WriteOrder {
    return this.#findings.writesOneByOne ? 'one by one' : this.#assumed;
  }

  assume(order: WriteOrder): void {
    this.#assumed = order;
  }

  /** From now on they leave one by one, on all sessions of the connection; `false` takes that back. */
  oneByOne(yes: boolean): void {
    this.#findings.writesOneByOne = yes;
  }
}

/**
 * dropbear starts OpenSSH's server, and an sshd may start another one: rclone too can be a subsystem. Theirs do not have
 * this extension, which is OpenSSH's since 6.5, on Windows since 7.7.
 */
export const writesAnywhere = 'fsync@openssh.com';

/** What is taken for granted: before the greeting, which every write comes after, that the server is OpenSSH's own. */
export function assumedOrder(serverVersion: string | undefined, saysSo = true): WriteOrder {
  return saysSo && hasSftpOfOpenSsh(serverVersion) ? 'free' : 'in turn';
}
