import type { Socket } from 'node:net';
import ssh2, { type CipherAlgorithm, type Connection, type ParsedKey, type ServerChannel } from 'ssh2';
import { sendPacket, startRekey } from '../../src/mock-server/wire/ssh2-internals.ts';
import { hostKey } from './private-keys.ts';

/** What breaks the protocol: done to a client while its command streams. */
const attacks: Array<(client: Connection) => void> = [
  // Messages that are cut off or out of place; each ends the protocol within its handler.
  (client) => sendPacket(client, Buffer.from([20, 1, 2, 3])),
  (client) => sendPacket(client, Buffer.from([21])),
  (client) => sendPacket(client, Buffer.from([31, 0, 0, 0, 1, 0])),
  (client) => sendPacket(client, Buffer.from([94, 0, 0])),
  (client) => sendPacket(client, Buffer.from([90, 0xff, 0xff, 0xff, 0xff])),
  (client) => sendPacket(client, Buffer.from([51, 0, 0])),
  (client) => sendPacket(client, Buffer.from([80, 0xff])),
  // In a re-key.
  (client) => {
    startRekey(client);
    sendPacket(client, Buffer.from([20, 9, 9, 9]));
  },
  (client) => {
    startRekey(client);
    sendPacket(client, Buffer.from([31, 0, 0, 0, 1, 0, 0, 0, 0, 1]));
  },
  (client) => {
    startRekey(client);
    sendPacket(client, Buffer.from([21]));
  },
  forgeSignature,
];

/** A re-key in which the known host key is shown, and the signature is not its own. */
function forgeSignature(client: Connection): void {
  const protocol = (client as unknown as { _protocol: { _hostKeys: Record<string, ParsedKey> } })._protocol;
  const forged = Object.entries(protocol._hostKeys).map(([type, key]) => {
    const forger = Object.create(key) as ParsedKey;
    forger.sign = () => Buffer.alloc(256, 1);
    return [type, forger];
  });
  protocol._hostKeys = Object.fromEntries(forged);
  startRekey(client);
}

export interface HostileServer extends Disposable {
  host: string;
  port: number;
}

/** An SSH server that lets everybody in, streams to every command, and then breaks the protocol, each time differently. */
export async function hostileServer(cipher: CipherAlgorithm): Promise<HostileServer> {
  let turn = 0;
  const key = hostKey();
  const clients = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [key], algorithms: { cipher: [cipher] } }, (client) => {
    const attack = attacks[turn++ % attacks.length];
    clients.add(client);
    client.on('error', () => {});
    client.on('close', () => clients.delete(client));
    client.on('authentication', (context) => context.accept());
    client.on('session', (accept) => {
      accept().on('exec', (acceptExec) => stream(client, acceptExec(), () => attack?.(client)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: '127.0.0.1',
    port: (server.address() as { port: number }).port,
    [Symbol.dispose]: () => {
      for (const client of clients) client.end();
      server.close();
    },
  };
}

function stream(client: Connection, channel: ServerChannel, attack: () => void): void {
  let ended = false;
  const timer = setInterval(() => {
    if (!ended) channel.write(Buffer.alloc(2_000, 'x'));
  }, 1);
  const end = () => {
    ended = true;
    clearInterval(timer);
  };
  channel.on('error', end);
  channel.on('close', end);
  client.on('close', end);
  client.on('end', end);
  setTimeout(() => {
    if (!ended) {
      // More packets right behind it, in one piece: who still decrypts then does so with freed ciphers.
      const socket = (client as unknown as { _sock: Socket })._sock;
      socket.cork();
      channel.write(Buffer.alloc(500, 'a'));
      attack();
      for (let at = 0; at < 5; at++) channel.write(Buffer.alloc(500, 'z'));
      socket.uncork();
    }
    end();
    // What the client does not take for an end of the protocol must end as well.
    setTimeout(() => client.end(), 100);
  }, 4);
}
