import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import { sendPacket, socketOf } from '../../src/mock-server/wire/ssh2-internals.ts';
import { hostKey } from './private-keys.ts';

/** What a flooding server sends without end, once a client has logged in; `run` floods when a command is asked for. */
export const floods = {
  stdout: { on: 'command', reads: true, packet: (channel) => data(channel, 30_000) },
  stderr: { on: 'command', reads: true, packet: (channel) => extended(channel, 1, 30_000) },
  'single bytes': { on: 'command', reads: true, packet: (channel) => data(channel, 1) },
  'forwarded stream': { on: 'stream', reads: true, packet: (channel) => data(channel, 30_000) },
  'host keys': { on: 'login', reads: false, packet: () => hostKeys },
  'global requests': { on: 'login', reads: false, packet: () => globalRequest },
  'unknown channels': { on: 'login', reads: false, packet: (_channel, count) => open('zz', count) },
  'channel requests': { on: 'command', reads: false, packet: (channel) => channelRequest(channel) },
  'forwarded channels': {
    on: 'forward',
    reads: false,
    packet: (_channel, count) => open('forwarded-tcpip', count, visitor),
  },
  'debug messages': { on: 'command', reads: true, packet: () => debug },
  'ignored messages': { on: 'command', reads: true, packet: () => ignored },
  'extension information': { on: 'command', reads: true, packet: () => extensions },
  'replies to no request': {
    on: 'command',
    reads: true,
    packet: (_channel, count) => Buffer.from([81 + (count % 2)]),
  },
  'answers to no request of a channel': {
    on: 'command',
    reads: true,
    packet: (channel, count) => ofChannel(99 + (count % 2), channel),
  },
  'answers to no opening': {
    on: 'command',
    reads: true,
    packet: (_channel, count) => Buffer.concat([ofChannel(91, count), ...[9, 1_000, 1_000].map(uint32)]),
  },
  'ends of file': { on: 'command', reads: true, packet: (channel) => ofChannel(96, channel) },
  'ends of unknown channels': {
    on: 'command',
    reads: true,
    packet: (_channel, count) => ofChannel(97, 1_000 + count),
  },
  'data of unknown channels': {
    on: 'command',
    reads: true,
    packet: (_channel, count) => data(1_000 + count, 30_000),
  },
  'window adjusts': {
    on: 'command',
    reads: true,
    packet: (channel) => Buffer.concat([ofChannel(93, channel), uint32(0xff_ff_ff_ff)]),
  },
  'exit statuses': { on: 'command', reads: true, packet: exitStatus },
  'unknown messages': { on: 'command', reads: true, packet: (_channel, count) => unknown(count) },
  'messages of no bytes': { on: 'command', reads: true, packet: () => Buffer.alloc(0) },
  'data of no bytes': { on: 'command', reads: true, packet: (channel) => data(channel, 0) },
  'data of an unknown type': { on: 'command', reads: true, packet: (channel) => extended(channel, 2, 1) },
  'requests for no reply': { on: 'command', reads: true, packet: (channel) => channelRequest(channel, 0) },
  'global requests for no reply': { on: 'command', reads: true, packet: () => globalRequestOf(0) },
  'requests that are refused': { on: 'command', reads: true, packet: (channel) => channelRequest(channel) },
  'global requests that are refused': { on: 'command', reads: true, packet: () => globalRequest },
  'channels that are refused': {
    on: 'command',
    reads: true,
    packet: (_channel, count) => open('x11', count, visitor),
  },
  'unknown messages of a login': {
    on: 'authentication',
    reads: false,
    packet: (_channel, count) => Buffer.from([62 + (count % 18)]),
  },
  'replies of SFTP': { on: 'sftp', reads: true, packet: (_channel, count) => sftpStatus(1_000 + count) },
  'names of SFTP': { on: 'sftp', reads: true, packet: (_channel, count) => sftpNames(1_000 + count) },
  'ignored messages of a login': { on: 'authentication', reads: false, packet: () => ignored },
  'extension information of a login': { on: 'authentication', reads: false, packet: () => extensions },
  'login banners': { on: 'authentication', reads: false, packet: () => banner },
  'login questions': { on: 'authentication', reads: false, packet: () => questions(1) },
  'empty questions': { on: 'authentication', reads: false, packet: () => questions(0) },
  'questions at once': { on: 'authentication', reads: false, packet: () => questions(2_000) },
} satisfies Record<string, Flood>;

export type FloodKind = keyof typeof floods;

interface Flood {
  /** What the client does that starts it. */
  on: 'authentication' | 'login' | 'command' | 'stream' | 'forward' | 'sftp';
  /** Whether the server reads what the client answers. */
  reads: boolean;
  packet(channel: number, count: number): Buffer;
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function text(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

function data(channel: number, bytes: number): Buffer {
  return Buffer.concat([Buffer.from([94]), uint32(channel), text(Buffer.alloc(bytes, 'a\n'))]);
}

function extended(channel: number, type: number, bytes: number): Buffer {
  return Buffer.concat([Buffer.from([95]), uint32(channel), uint32(type), text(Buffer.alloc(bytes, 'a\n'))]);
}

const hostKeys = Buffer.concat([
  ...[Buffer.from([80]), text('hostkeys-00@openssh.com'), Buffer.from([0])],
  text(Buffer.concat([text('ssh-ed25519'), text(Buffer.alloc(32, 1))])),
]);
const globalRequestOf = (wantsReply: number) =>
  Buffer.concat([Buffer.from([80]), text('x@y'), Buffer.from([wantsReply])]);
const globalRequest = globalRequestOf(1);
/** RFC 4250 section 4.1.2: not assigned. */
const unassigned = [8, 19, 83, 89, 101, 192, 255];
const unknown = (count: number) => Buffer.from([unassigned[count % unassigned.length] ?? 8, 1, 2, 3]);
const visitor = Buffer.concat([text('127.0.0.1'), uint32(9), text('h'), uint32(1)]);
const banner = Buffer.concat([Buffer.from([53]), text('b'.repeat(1_000)), text('')]);

const debug = Buffer.concat([Buffer.from([4, 1]), text('d'.repeat(1_000)), text('')]);
const ignored = Buffer.concat([Buffer.from([2]), text(Buffer.alloc(30_000))]);
const extensions = Buffer.concat([
  ...[Buffer.from([7]), uint32(1)],
  ...[text('server-sig-algs'), text('rsa-sha2-256,'.repeat(1_000))],
]);

function ofChannel(type: number, channel: number): Buffer {
  return Buffer.concat([Buffer.from([type]), uint32(channel)]);
}

function exitStatus(channel: number, count: number): Buffer {
  return Buffer.concat([ofChannel(98, channel), text('exit-status'), Buffer.from([0]), uint32(count)]);
}

const sftpStatus = sftpReply(101, Buffer.concat([uint32(4), text('x'.repeat(1_000)), text('')]));
const aName = Buffer.concat([text('name'), text('long name'), uint32(0)]);
const sftpNames = sftpReply(104, Buffer.concat([uint32(100), ...Array.from({ length: 100 }, () => aName)]));

/** Replies that differ in their id only: made once, and copied, a flood has little to do. */
function sftpReply(type: number, rest: Buffer): (id: number) => Buffer {
  const reply = text(Buffer.concat([Buffer.from([type]), uint32(0), rest]));
  return (id) => {
    const copy = Buffer.from(reply);
    copy.writeUInt32BE(id, 5);
    return copy;
  };
}

function channelRequest(channel: number, wantsReply = 1): Buffer {
  return Buffer.concat([Buffer.from([98]), uint32(channel), text('x@y'), Buffer.from([wantsReply])]);
}

function open(type: string, sender: number, rest = Buffer.alloc(0)): Buffer {
  return Buffer.concat([
    ...[Buffer.from([90]), text(type), uint32(sender), uint32(1_000_000), uint32(32_768), rest],
  ]);
}

function questions(count: number): Buffer {
  const each = Buffer.concat([text('?'), Buffer.from([0])]);
  const all = Array.from({ length: count }, () => each);
  return Buffer.concat([Buffer.from([60]), text(''), text(''), text(''), uint32(count), ...all]);
}

export interface FloodServer extends Disposable {
  host: string;
  port: number;
  /** Packets sent so far. */
  readonly sent: number;
}

/** An SSH server that lets everybody in and then pours one kind of message until its client is gone. */
export async function floodServer(kind: FloodKind): Promise<FloodServer> {
  const flood: Flood = floods[kind];
  let sent = 0;
  const key = hostKey();
  const clients = new Set<Connection>();
  let pouring: Connection | undefined;
  const pour = (client: Connection, channel = 0) => {
    const socket = socketOf(client) as Socket;
    if (!flood.reads) socket.pause();
    const go = () => {
      if (socket.destroyed) return;
      for (let at = 0; at < 100; at++) sendPacket(client, flood.packet(channel, sent++));
      if (socket.writableNeedDrain) socket.once('drain', go);
      else setImmediate(go);
    };
    go();
  };
  const answerSftp = (channel: ServerChannel) => {
    const go = () => {
      while (channel.write(flood.packet(0, sent++)));
      channel.once('drain', go);
    };
    channel
      .on('error', () => {})
      .once('data', () => {
        channel.write(text(Buffer.from([2, 0, 0, 0, 3])));
        if (flood.on === 'sftp') go();
      });
  };
  const idOf = (channel: ServerChannel) => (channel as unknown as { outgoing: { id: number } }).outgoing.id;
  const server = new ssh2.Server({ hostKeys: [key] }, (client) => {
    clients.add(client);
    client.on('error', () => {}).on('close', () => clients.delete(client));
    client.on('authentication', (context) => {
      if (flood.on !== 'authentication') return context.accept();
      if (pouring === client) return;
      if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
      pouring = client;
      pour(client);
    });
    client.on('ready', () => flood.on === 'login' && setTimeout(pour, 20, client));
    client.on('session', (accept) => {
      const session = accept();
      session.on('exec', (acceptExec) => flood.on === 'command' && pour(client, idOf(acceptExec())));
      // ssh2 would serve it: this is any other subsystem, by its name.
      session.on('subsystem', (acceptSubsystem) => answerSftp(acceptSubsystem()));
    });
    client.on('tcpip', (accept) => flood.on === 'stream' && pour(client, idOf(accept())));
    client.on('request', (accept, _reject, _name, info) => {
      accept?.((info as { bindPort: number }).bindPort);
      if (flood.on === 'forward') setTimeout(pour, 20, client);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: '127.0.0.1',
    port: (server.address() as { port: number }).port,
    get sent() {
      return sent;
    },
    [Symbol.dispose]: () => {
      for (const client of clients) client.end();
      server.close();
    },
  };
}
