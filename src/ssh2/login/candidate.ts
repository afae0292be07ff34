import type { AnyAuthMethod } from 'ssh2';

/** One thing to try at a login. */
export interface Candidate {
  /** Its RFC 4252 name. */
  readonly method: 'none' | 'publickey' | 'keyboard-interactive' | 'password';
  /** What errors say was tried. */
  readonly label: string;
  /** Where one label stands for several tries, this tells them apart. */
  readonly id?: string;
  /** What a refused login should know of it: why it may have been refused. */
  readonly note?: string | undefined;
  make(): AnyAuthMethod;
}
