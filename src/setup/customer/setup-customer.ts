import type { Customer } from '../../customers/types.ts';
import { stateFolder, tunnelGroup, workerGroup } from '../gateway/settings.ts';
import { type GatewayShell, runSetup } from '../shell.ts';
import { authorizedKeysLine } from './key.ts';
import { add, remove } from './scripts.generated.ts';

type Tenant = Pick<Customer, 'code' | 'account' | 'port' | 'route'>;

interface CustomerDone {
  /** What was done, in words; empty if nothing had to be. */
  did: string[];
  /** The account has no key yet; it will be generated on the PC. */
  needsKey: boolean;
}

/**
 * Creates a customer's account on the gateway, with the PC's key if that exists already.
 * @throws {SetupFailed} for what would affect another customer, and if it fails; nothing has been done then.
 */
export async function setUpCustomer(
  shell: GatewayShell,
  customer: Tenant,
  { key, replaceKey = false }: { key?: string | undefined; replaceKey?: boolean } = {},
): Promise<CustomerDone> {
  const { code, account, port, route } = customer;
  const isSocket = route === 'socket';
  // sshd takes a permitted port as the only thing that may be listened on, so for a socket none is given.
  const line = key === undefined ? '' : authorizedKeysLine(key, { code, port: isSocket ? undefined : port });
  const answer = await runSetup(
    shell,
    {
      code,
      account,
      port: String(port),
      line,
      key: key ?? '',
      replace: replaceKey ? '1' : '',
      group: tunnelGroup,
      state: stateFolder,
      workers: isSocket ? workerGroup : '',
    },
    add,
  );
  return { did: answer.all('did'), needsKey: answer.first('nokey') !== undefined };
}

interface RemovedDone {
  did: string[];
  /** Accounts that hold the port now: it has been given to someone else. */
  heldBy: string[];
}

/**
 * Removes a customer's key, closes its account, ends its sessions, and makes sure that its port is free.
 * @throws {SetupFailed} if the account is another customer's, or something does not end.
 */
export async function removeCustomer(
  shell: GatewayShell,
  { code, account, port }: Tenant,
  { adopt = false }: { adopt?: boolean } = {},
): Promise<RemovedDone> {
  const names = { code, account, port: String(port), adopt: adopt ? '1' : '', state: stateFolder };
  const answer = await runSetup(shell, names, remove);
  return { did: answer.all('did'), heldBy: answer.all('held') };
}
