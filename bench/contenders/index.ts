import type { Contender } from '../support/types.ts';
import { openssh, scp } from './openssh.ts';
import { ours } from './ours.ts';
import { plainSsh2, ssh2NoDelay } from './plain-ssh2.ts';
import { nodeSsh, sftpClient } from './wrappers.ts';

export const contenders: readonly Contender[] = [
  ours,
  plainSsh2,
  ssh2NoDelay,
  nodeSsh,
  sftpClient,
  openssh,
  scp,
];

/** Those that can do it. */
export function able<K extends keyof Contender>(ability: K): Array<Contender & Required<Pick<Contender, K>>> {
  return contenders.filter((one) => one[ability] !== undefined) as Array<
    Contender & Required<Pick<Contender, K>>
  >;
}
