import type { Client } from 'ssh2';
import { expectGlobalReply, protocolOf } from '../internals.ts';
import { passInbound } from '../messages/packets.ts';
import { serves } from '../registry/look.ts';

interface ProvingProtocol {
  _kex?: { sessionID?: Buffer };
  openssh_hostKeysProve?(keys: ReadonlyArray<{ getPublicSSH(): Buffer }>): void;
}

const globalRequest = 80;

/** What precedes the keys in `hostkeys-00@openssh.com`: the message number and the name, a string. */
const head = Buffer.concat([
  Buffer.from([globalRequest, 0, 0, 0, 23]),
  Buffer.from('hostkeys-00@openssh.com'),
]);

/**
 * Reports the data of the first message in which the server announces its host keys (OpenSSH's PROTOCOL, section 2.5).
 */
export function onHostKeysTold(client: Client, listener: (data: Buffer) => void): boolean {
  let told = false;
  if (!serves(client, 'further host keys')) return false;
  return passInbound(client, (payload) => {
    if (!told && payload[0] === globalRequest && payload.subarray(0, head.length).equals(head)) {
      told = true;
      // ssh2 reuses the memory. The name is followed by the want-reply byte.
      listener(Buffer.from(payload.subarray(head.length + 1)));
    }
    return payload;
  });
}

/** What the proofs sign; undefined if ssh2's internals have changed. */
export function sessionIdOf(client: Client): Buffer | undefined {
  const id = (protocolOf(client) as ProvingProtocol | undefined)?._kex?.sessionID;
  return Buffer.isBuffer(id) ? id : undefined;
}

/**
 * Asks the server to prove that it has these keys. Resolves to its answer, or to undefined if it refuses or the link
 * ends.
 */
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
