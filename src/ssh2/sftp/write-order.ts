import { hasSftpOfOpenSsh } from '../transport/server-kind.ts';

/**
 * How a server accepts the writes of one file.
 * - `free`: anywhere in the file, from several sessions, without waiting for one another: OpenSSH's own server.
 * - `in turn`: nothing is known. They are sent in file order and on one session, many at once.
 * - `one by one`: found out or configured on this connection. Each is sent when the one before is answered: a server
 *   may insist on file order (rclone, gateways to object stores) and yet have several workers (Go), which reorder what
 *   waits.
 */
export type WriteOrder = 'free' | 'in turn' | 'one by one';

/** What a connection has found out about its server, shared by all its sessions. */
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

  /** From now on, writes are sent one by one on all sessions of the connection; `false` undoes that. */
  oneByOne(yes: boolean): void {
    this.#findings.writesOneByOne = yes;
  }
}

/**
 * dropbear starts OpenSSH's SFTP server, but an sshd may start another one: rclone too can be a subsystem. Such servers
 * lack this extension, which OpenSSH has had since 6.5, on Windows since 7.7.
 */
export const writesAnywhere = 'fsync@openssh.com';

/** The assumption before the greeting, which precedes every write, is that the server is OpenSSH's own. */
export function assumedOrder(serverVersion: string | undefined, saysSo = true): WriteOrder {
  return saysSo && hasSftpOfOpenSsh(serverVersion) ? 'free' : 'in turn';
}
