import type { AnyAuthMethod } from 'ssh2';

/** One thing to try during the login. */
export interface Candidate {
  /** Its RFC 4252 name. */
  readonly method: 'none' | 'publickey' | 'keyboard-interactive' | 'password';
  /** How errors name it. */
  readonly label: string;
  /** Tells several tries with the same label apart. */
  readonly id?: string;
  /** A note for the error of a refused login: why this may have been refused. */
  readonly note?: string | undefined;
  make(): AnyAuthMethod;
}
