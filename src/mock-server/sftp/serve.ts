import type { ServerChannel } from 'ssh2';
import type { SftpOp } from '../faults/fault-types.ts';
import type { ServerConnection } from '../wire/connection.ts';
import { ignoreWindow } from '../wire/ssh2-internals.ts';
import { extensionVersions } from './extensions.ts';
import { type Filesystem, SftpStatus, status, statusText } from './files/filesystem.ts';
import { Handles } from './handles.ts';
import { Lies } from './lies.ts';
import { opNames, requests } from './requests.ts';
import { type MockReply, type MockSftpSession, statusReply } from './session.ts';
import { frame, MockPacketReader, PacketFields, packet, string, uint32 } from './wire.ts';

const longestPacket = 256 << 10;
// Bytes waiting to be answered; above this, the client's window is left to run out.
const mostQueued = 4 << 20;
const writeType = 6;
/** Milliseconds that a WRITE waits for one that overtakes it. */
const overtakingMs = 5;
const strangeId = 0xdead_beef;

/** Serves SFTP on a channel. */
export function serveSftp(
  connection: ServerConnection,
  channel: ServerChannel,
  filesystem: Filesystem,
): void {
  if (connection.faults.window === 'exceeded') ignoreWindow(channel);
  const responder = new Responder(connection, channel, filesystem);
  const reader = new MockPacketReader(longestPacket, (body) => responder.receive(body));
  channel.on('data', (chunk: Buffer) => {
    // As in sshd, a client that sends something that is not a packet is cut off.
    if (!reader.push(chunk)) responder.end();
  });
  channel.once('end', () => responder.endWhenAnswered());
  channel.once('close', () => responder.stop());
  const forget = connection.onEnd(() => responder.stop());
  channel.once('close', forget);
  channel.on('drain', () => responder.pump());
}

/** Answers requests one after the other, in order, as OpenSSH does. */
class Responder {
  readonly #queue: Buffer[] = [];
  #queued = 0;
  #isBusy = false;
  #isStopped = false;
  #isEnding = false;
  #hasVersion = false;
  readonly #connection: ServerConnection;
  readonly #channel: ServerChannel;
  readonly #lies: Lies;
  readonly #handles = new Handles();
  readonly #session: MockSftpSession;
  #op: SftpOp = 'OPEN';
  #isNoted = false;

  constructor(connection: ServerConnection, channel: ServerChannel, filesystem: Filesystem) {
    this.#connection = connection;
    this.#channel = channel;
    this.#lies = new Lies(connection.faults.sftp);
    const { settings } = connection;
    this.#session = {
      filesystem,
      handles: this.#handles,
      lies: this.#lies,
      rules: { home: filesystem.home, windows: settings.windows !== undefined },
      extensions: settings.sftpExtensions,
      note: ({ name, ...detail }) => {
        this.#isNoted = true;
        connection.note({ type: 'sftp', op: name ?? this.#op, ...detail });
      },
    };
  }

  receive(body: Buffer): void {
    this.#queue.push(body);
    this.#queued += body.length;
    if (this.#queued > mostQueued) this.#channel.pause();
    const mayChangePlaces = this.#lies.all.writesInOrder && body[0] === writeType && this.#queue.length === 1;
    if (mayChangePlaces) setTimeout(() => this.pump(), overtakingMs).unref();
    else this.pump();
  }

  /** Answers queued requests as long as the client reads the answers. */
  pump(): void {
    while (!this.#isBusy && !this.#isStopped && !this.#channel.writableNeedDrain) {
      const body = this.#next();
      if (!body) break;
      this.#queued -= body.length;
      if (this.#queued < mostQueued && this.#channel.isPaused()) this.#channel.resume();
      this.#answer(body);
    }
    if (this.#isEnding && this.#queue.length === 0 && !this.#isBusy) this.end();
  }

  #next(): Buffer | undefined {
    const [first, second] = this.#queue;
    const swaps = this.#lies.all.writesInOrder && first?.[0] === writeType && second?.[0] === writeType;
    return swaps ? this.#queue.splice(1, 1)[0] : this.#queue.shift();
  }

  endWhenAnswered(): void {
    this.#isEnding = true;
    this.pump();
  }

  end(): void {
    if (this.#isStopped) return;
    this.stop();
    this.#connection.whileAlive(() => {
      this.#channel.exit(0);
      this.#channel.end();
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#queue.length = 0;
    this.#handles.closeAll();
  }

  #answer(body: Buffer): void {
    const fields = new PacketFields(body);
    const type = fields.byte();
    if (!this.#hasVersion) return this.#begin(type);
    const id = body.length >= 5 ? fields.uint32() : 0;
    const op = opNames[type];
    if (!op) return this.#reply(id, statusReply(status.unsupported, statusText(status.unsupported)));
    this.#connection.reach('sftp');
    try {
      const answer = this.#perform(op, fields);
      if (answer instanceof Promise) this.#wait(id, answer);
      else if (answer) this.#reply(id, answer);
    } catch (error) {
      this.#reply(id, failure(error));
    }
  }

  /** Answers the client's first packet with the version and the extensions. */
  #begin(type: number): void {
    if (type !== packet.init) return this.end();
    this.#hasVersion = true;
    if (this.#lies.all.noVersion) return;
    const offered = [...this.#connection.settings.sftpExtensions].filter(
      (name) => name !== 'fsync@openssh.com' || !this.#lies.all.writesInOrder,
    );
    const extensions = offered.flatMap((name) => [string(name), string(extensionVersions[name])]);
    this.#channel.write(frame(packet.version, uint32(3), ...extensions));
    if (this.#lies.all.garbagePacket) this.#channel.write(Buffer.from([0, 0, 0, 5, 250, 1, 2, 3, 4]));
  }

  #perform(op: SftpOp, fields: PacketFields): MockReply | Promise<MockReply> | undefined {
    this.#op = op;
    this.#isNoted = false;
    if (this.#lies.isLost(op) || (this.#lies.all.noLimits && op === 'EXTENDED' && isLimits(fields)))
      return void this.#session.note({});
    const answer = requests[op](this.#session, fields);
    if (!this.#isNoted) this.#session.note({});
    return answer;
  }

  #wait(id: number, answer: Promise<MockReply>): void {
    this.#isBusy = true;
    answer
      .catch((error: unknown) => failure(error))
      .then((reply) => {
        this.#isBusy = false;
        this.#reply(id, reply);
        this.pump();
      });
  }

  #reply(id: number, { type, fields }: MockReply): void {
    if (this.#isStopped) return;
    const { duplicateReplies, unaskedReplies } = this.#lies.all;
    if (unaskedReplies)
      this.#channel.write(frame(packet.status, uint32(strangeId), uint32(0), string(''), string('')));
    const reply = frame(type, uint32(id), ...fields);
    this.#channel.write(reply);
    if (duplicateReplies) this.#channel.write(reply);
  }
}

function failure(error: unknown): MockReply {
  if (error instanceof SftpStatus) return statusReply(error.status, error.message);
  if (error instanceof RangeError) return statusReply(status.badMessage, statusText(status.badMessage));
  return statusReply(status.failure, error instanceof Error ? error.message : String(error));
}

function isLimits(fields: PacketFields): boolean {
  return fields.peekText() === 'limits@openssh.com';
}
