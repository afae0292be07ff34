import type { Client } from 'ssh2';
import { expectGlobalReply, protocolOf } from '../internals.ts';
import { passInbound } from '../messages/packets.ts';
import { serves } from '../registry/look.ts';

interface ProvingProtocol {
  _kex?: { sessionID?: Buffer };
  openssh_hostKeysProve?(keys: ReadonlyArray<{ getPublicSSH(): Buffer }>): void;
}

const globalRequest = 80;

/** What comes before the keys in `hostkeys-00@openssh.com`: the message's number and the name, a string. */
const head = Buffer.concat([
  Buffer.from([globalRequest, 0, 0, 0, 23]),
  Buffer.from('hostkeys-00@openssh.com'),
]);

/** Tells the data of the first message in which the server tells its host keys (OpenSSH's PROTOCOL, section 2.5). */
export function onHostKeysTold(client: Client, listener: (data: Buffer) => void): boolean {
  let told = false;
  if (!serves(client, 'further host keys')) return false;
  return passInbound(client, (payload) => {
    if (!told && payload[0] === globalRequest && payload.subarray(0, head.length).equals(head)) {
      told = true;
      // ssh2 re-uses the memory. Behind the name stands whether a reply is wanted.
      listener(Buffer.from(payload.subarray(head.length + 1)));
    }
    return payload;
  });
}

/** What the proofs are about; undefined when ssh2 changed inside. */
export function sessionIdOf(client: Client): Buffer | undefined {
  const id = (protocolOf(client) as ProvingProtocol | undefined)?._kex?.sessionID;
  return Buffer.isBuffer(id) ? id : undefined;
}

/** Asks the server to prove that it has these keys; resolves to its answer, undefined when that is a no or the end. */
export function askForProofs(client: Client, keys: readonly Buffer[]): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const protocol = protocolOf(client) as ProvingProtocol | undefined;
    if (
      !expectGlobalReply(client, (failed, data) => resolve(failed ? undefined : data && Buffer.from(data)))
    ) {
      return resolve(undefined);
    }
    protocol?.openssh_hostKeysProve?.(keys.map((blob) => ({ getPublicSSH: () => blob })));
  });
}
