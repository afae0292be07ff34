import ssh2, { type Client, type ClientChannel, type Connection, type ServerChannel } from 'ssh2';
import { type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import { generatedKey } from '../../src/mock-server/keys.ts';
import { frame, MockPacketReader, string, uint32 } from '../../src/mock-server/sftp/wire.ts';

/** A packet of SFTP behind its length: for a reply `body` is what follows the id. */
export interface SftpPacket {
  type: number;
  id: number;
  body: Buffer;
}

/** What an SFTP server does otherwise than OpenSSH's. What is not given is done as the mock server does it. */
export interface Oddity {
  /** The software of its identification line. Default `Odd_1.0`: nothing is known of it. */
  ident?: string;
  /** Bytes in the place of its VERSION packet. */
  version?: Buffer;
  /** Whether the extensions of the mock server are named. Default: they are not, as with most servers. */
  extensions?: boolean;
  /** Bytes that are sent instead of doing what is asked; undefined: it is done. */
  instead?: (request: SftpPacket, session: OddSession) => Buffer | undefined;
  /** Bytes that are sent in the place of a reply. */
  reply?: (reply: SftpPacket, request: SftpPacket, session: OddSession) => Buffer;
}

/** One session of such a server. */
export interface OddSession {
  /** Sends bytes to the client, now. */
  send(bytes: Buffer): void;
  /** Ends the channel. */
  end(): void;
}

export const type = {
  ...{ init: 1, version: 2, open: 3, close: 4, read: 5, write: 6, lstat: 7, fstat: 8, setstat: 9 },
  ...{ fsetstat: 10, opendir: 11, readdir: 12, remove: 13, mkdir: 14, rmdir: 15, realpath: 16, stat: 17 },
  ...{ rename: 18, readlink: 19, symlink: 20, status: 101, handle: 102, data: 103, name: 104, attrs: 105 },
} as const;

/** A whole STATUS packet. */
export const status = ({ id }: { id: number }, code: number, text = ''): Buffer =>
  frame(type.status, uint32(id), uint32(code), string(text), string(''));

/** A packet as it came. */
export const whole = (packet: SftpPacket): Buffer => frame(packet.type, uint32(packet.id), packet.body);

/** The path, or handle, that a request begins with. */
export const subject = ({ body }: SftpPacket): Buffer => body.subarray(4, 4 + body.readUInt32BE(0));

/** One entry of a listing. */
export interface Listed {
  name: Buffer;
  longName: Buffer;
  attributes: Buffer;
}

/** The entries of a NAME packet. */
export function listed({ body }: SftpPacket): Listed[] {
  let at = 4;
  const bytes = () => {
    const from = at + 4;
    at = from + body.readUInt32BE(at);
    return body.subarray(from, at);
  };
  return Array.from({ length: body.readUInt32BE(0) }, () => {
    const [name, longName] = [bytes(), bytes()];
    const from = at;
    at += attributesLength(body.subarray(at));
    return { name, longName, attributes: body.subarray(from, at) };
  });
}

/** A whole NAME packet. */
export function names({ id }: { id: number }, entries: readonly Listed[]): Buffer {
  const fields = entries.flatMap(({ name, longName, attributes }) => [
    string(name),
    string(longName),
    attributes,
  ]);
  return frame(type.name, uint32(id), uint32(entries.length), ...fields);
}

const groups = [
  { flag: 1, length: 8 },
  { flag: 2, length: 8 },
  { flag: 4, length: 4 },
  { flag: 8, length: 8 },
];

function attributesLength(bytes: Buffer): number {
  const flags = bytes.readUInt32BE(0);
  return groups.reduce((length, group) => length + (flags & group.flag ? group.length : 0), 4);
}

/** Attributes without some groups: 1 size, 2 owner, 4 mode, 8 times. */
export function without(attributes: Buffer, left: number): Buffer {
  const flags = attributes.readUInt32BE(0);
  const kept = [uint32(flags & ~left)];
  let at = 4;
  for (const { flag, length } of groups) {
    if (!(flags & flag)) continue;
    if (!(left & flag)) kept.push(attributes.subarray(at, at + length));
    at += length;
  }
  return Buffer.concat(kept);
}

/** A server that tells no attributes of these groups: 15 for none at all. Its long names are `longName`'s. */
export function untold(left: number, longName = (entry: Listed) => entry.name): NonNullable<Oddity['reply']> {
  return (reply) => {
    if (reply.type === type.attrs) return frame(type.attrs, uint32(reply.id), without(reply.body, left));
    if (reply.type !== type.name) return whole(reply);
    const entries = listed(reply).map((entry) => ({
      ...entry,
      longName: longName(entry),
      attributes: without(entry.attributes, left),
    }));
    return names(reply, entries);
  };
}

/** Refuses requests of some types. */
export function refuses(types: readonly number[], code = 8, text = ''): NonNullable<Oddity['instead']> {
  return (request) => (types.includes(request.type) ? status(request, code, text) : undefined);
}

export interface OddServer extends AsyncDisposable {
  host: string;
  port: number;
  username: string;
  password: string;
  hostKey: string;
  /** The mock server behind it, for its files. */
  behind: MockServer;
  /** What it was asked, without INIT. */
  asked: SftpPacket[];
}

/** An SFTP server that is odd in one way: it passes all else on to a mock server. */
export async function oddSftp(oddity: Oddity = {}): Promise<OddServer> {
  const behind = await startMockServer();
  const asked: SftpPacket[] = [];
  const clients = new Set<Connection>();
  const hostKey = generatedKey('odd');
  const server = new ssh2.Server(
    { hostKeys: [hostKey.privateKey], ident: oddity.ident ?? 'Odd_1.0' },
    (client) => {
      clients.add(client);
      // Without ssh2's native part each packet is three writes, which Nagle's algorithm would hold up.
      (client as unknown as Client).setNoDelay(true);
      client.on('error', () => {});
      client.on('close', () => clients.delete(client));
      client.on('authentication', (context) => context.accept());
      client.on('session', (accept) => {
        accept().on(
          'subsystem' as never,
          ((acceptSftp: () => ServerChannel) => serve(acceptSftp(), client)) as never,
        );
      });
    },
  );
  const serve = (channel: ServerChannel, client: Connection) => {
    const inner = new ssh2.Client();
    channel.on('error', () => {});
    const end = () => inner.end();
    inner.on('error', () => channel.close());
    client.on('close', end);
    channel.on('close', end);
    let early: Buffer[] = [];
    let take = (bytes: Buffer) => void early.push(bytes);
    channel.on('data', (bytes: Buffer) => take(bytes));
    inner.on('ready', () =>
      inner.subsys('sftp', (error, files) => {
        if (error) return channel.close();
        take = passing(channel, files, oddity, asked);
        for (const bytes of early) take(bytes);
        early = [];
      }),
    );
    const { host, port } = behind;
    inner.connect({ host, port, username: 'rpa', password: 'rpa', hostVerifier: () => true });
    inner.setNoDelay(true);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: '127.0.0.1',
    port: (server.address() as { port: number }).port,
    ...{ username: 'rpa', password: 'rpa', hostKey: hostKey.publicKey, behind, asked },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.end();
      server.close();
      await behind.close();
    },
  };
}

function passing(channel: ServerChannel, files: ClientChannel, oddity: Oddity, asked: SftpPacket[]) {
  const pending = new Map<number, SftpPacket>();
  const session: OddSession = {
    send: (bytes) => void (channel.writable && channel.write(bytes)),
    end: () => {
      channel.exit(0);
      channel.end();
      channel.close();
    },
  };
  const fromServer = new MockPacketReader(1 << 20, (bytes) => {
    const body = Buffer.from(bytes);
    if (body[0] === type.version) {
      const plain = frame(type.version, oddity.extensions ? body.subarray(1) : uint32(3));
      return session.send(oddity.version ?? plain);
    }
    const reply = { type: body[0] ?? 0, id: body.readUInt32BE(1), body: body.subarray(5) };
    const request = pending.get(reply.id) as SftpPacket;
    pending.delete(reply.id);
    session.send(oddity.reply?.(reply, request, session) ?? whole(reply));
  });
  files.on('error', () => {});
  files.on('data', (bytes: Buffer) => fromServer.push(bytes));
  files.on('close', () => session.end());
  const fromClient = new MockPacketReader(1 << 20, (bytes) => {
    const body = Buffer.from(bytes);
    if (body[0] === type.init) return void files.write(frame(type.init, body.subarray(1)));
    const request = { type: body[0] ?? 0, id: body.readUInt32BE(1), body: body.subarray(5) };
    asked.push(request);
    const answer = oddity.instead?.(request, session);
    if (answer) return session.send(answer);
    pending.set(request.id, request);
    files.write(whole(request));
  });
  channel.on('end', () => files.end());
  return (bytes: Buffer) => void fromClient.push(bytes);
}
