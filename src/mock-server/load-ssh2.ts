import type ssh2 from 'ssh2';
import { load } from '../load/on-demand.ts';

/** The whole package: a server needs more of it than a client. */
export function loadSsh2(): typeof ssh2 {
  return load('ssh2') as typeof ssh2;
}
