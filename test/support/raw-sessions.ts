import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import type { Connection } from '../../src/index.ts';
import { newHostKey, payload, publicLine, type RawConnection, startRawServer } from './raw-server.ts';

/** A session of the client, as a server on a bare socket sees it. */
export interface RawSession {
  /** The client's number of it, to which messages are sent. */
  id: number;
  /** Its command; undefined before that has come. */
  command: string | undefined;
  send(message: Buffer): void;
}

interface RawSessionScript {
  window?: number;
  packetSize?: number;
  /** The client's `timeouts.channel`. */
  channelTimeout?: number;
  ident?: string;
  onOpen?(session: RawSession): void;
  /** Each command, however often it comes. */
  onExec(session: RawSession, server: RawConnection): void;
  onClose?(session: RawSession): void;
}

const key = newHostKey();

/** Calls itself OpenSSH, unless `ident` is another name, lets the client in, and does with its sessions what the script says. */
export async function rawSessions(script: RawSessionScript) {
  const { window = 2 ** 21, packetSize = 32_768, channelTimeout, ident } = script;
  const sessions: RawSession[] = [];
  const answer = (raw: RawConnection, message: Buffer) => {
    const session = sessions[message.readUInt32BE(1)];
    if (message[0] === 5) raw.send(payload(6, 'ssh-userauth'));
    if (message[0] === 50) raw.send(payload(52));
    if (message[0] === 90) {
      const id = message.readUInt32BE(5 + message.readUInt32BE(1));
      const opened: RawSession = { id, command: undefined, send: (said) => raw.send(said) };
      raw.send(payload(91, id, sessions.push(opened) - 1, window, packetSize));
      script.onOpen?.(opened);
    }
    if (!session) return;
    if (message[0] === 97) script.onClose?.(session);
    if (message[0] !== 98 || message.toString('latin1', 9, 13) !== 'exec') return;
    session.command = message.toString('utf8', 18);
    script.onExec(session, raw);
  };
  const server = await startRawServer({
    ...{ key, strict: true, script: { answer } },
    ...(ident === undefined ? {} : { identification: ident }),
  });
  const connection: Connection = await connectViaGateway({
    ...{ host: '127.0.0.1', port: server.port, username: 'rpa', password: 'rpa', retry: false },
    hostKey: { key: publicLine(key) },
    timeouts: { channel: channelTimeout },
  });
  return {
    ...{ connection, sessions },
    async [Symbol.asyncDispose]() {
      await connection.close();
      server[Symbol.dispose]();
    },
  };
}
