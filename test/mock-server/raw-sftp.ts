import type { Client, ClientChannel } from 'ssh2';
import { frame, MockPacketReader, PacketFields, string, uint32 } from '../../src/mock-server/sftp/wire.ts';
import { call } from './support.ts';

/** A packet that the server sent. */
export interface RawReply {
  type: number;
  fields: PacketFields;
}

/** SFTP spoken packet by packet, for what no client sends or believes. */
export class RawSftp {
  readonly channel: ClientChannel;
  private readonly came: RawReply[] = [];
  private readonly waiting: ((reply: RawReply) => void)[] = [];

  constructor(channel: ClientChannel) {
    this.channel = channel;
    const reader = new MockPacketReader(1 << 20, (body) => {
      const fields = new PacketFields(Buffer.from(body));
      const reply = { type: fields.byte(), fields };
      const taker = this.waiting.shift();
      if (taker) taker(reply);
      else this.came.push(reply);
    });
    channel.on('data', (chunk: Buffer) => reader.push(chunk));
  }

  static async open(client: Client, { version = true } = {}): Promise<RawSftp> {
    const raw = new RawSftp(await call<ClientChannel>((done) => client.subsys('sftp', done as never)));
    raw.send(1, uint32(3));
    if (version) await raw.next();
    return raw;
  }

  send(type: number, ...fields: Buffer[]): void {
    this.channel.write(frame(type, ...fields));
  }

  /** The next packet from the server. */
  next(): Promise<RawReply> {
    const reply = this.came.shift();
    return reply ? Promise.resolve(reply) : new Promise((resolve) => this.waiting.push(resolve));
  }

  /** How many packets have come and were not taken. */
  get waitingReplies(): number {
    return this.came.length;
  }

  /** Sends a request and takes the next packet: its id and the rest. */
  async ask(type: number, ...fields: Buffer[]): Promise<RawReply & { id: number }> {
    this.send(type, uint32(7), ...fields);
    const reply = await this.next();
    return { ...reply, id: reply.fields.uint32() };
  }

  /** The names of one READDIR reply. */
  static names(fields: PacketFields): { name: Buffer; attributes: { size?: number; mode?: number } }[] {
    return Array.from({ length: fields.uint32() }, () => {
      const name = fields.bytes();
      fields.bytes();
      return { name, attributes: fields.attributes() };
    });
  }
}

export { string, uint32 };
