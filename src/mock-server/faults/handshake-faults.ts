import type { Connection as Ssh2Client } from 'ssh2';
import { generatedKey, parseKey } from '../keys.ts';
import type { ServerConnection } from '../wire/connection.ts';
import { replaceHostKey } from '../wire/ssh2-internals.ts';

interface Negotiated {
  kex: string;
  serverHostKey: string;
  cs: { cipher: string };
}

/** Records the steps of the key exchange and does what its faults say. */
export function installHandshakeFaults(connection: ServerConnection, client: Ssh2Client): void {
  const { closeInKex, hang, hostKeyChangesAtRekey } = connection.faults.handshake ?? {};
  connection.note({ type: 'ident', ident: identOf(client) });
  connection.reach('ident');
  // The server's first key exchange message is written in this turn and still leaves.
  if (closeInKex) setImmediate(() => connection.cut(closeInKex));
  else if (hang) setImmediate(() => connection.cut('freeze'));
  let exchanges = 0;
  client.on('handshake', (negotiated) => {
    const { kex, serverHostKey, cs } = negotiated as unknown as Negotiated;
    const algorithms = { kex, hostKey: serverHostKey, cipher: cs.cipher };
    connection.note({ type: 'kex', rekey: exchanges++ > 0, algorithms });
    connection.reach('kex');
    if (hostKeyChangesAtRekey)
      replaceHostKey(client, parseKey(generatedKey('changed host').privateKey, 'host key'));
  });
}

function identOf(client: Ssh2Client): string {
  const protocol = (client as unknown as { _protocol: { _remoteIdentRaw?: Buffer } })._protocol;
  return protocol._remoteIdentRaw?.toString('latin1') ?? '';
}
