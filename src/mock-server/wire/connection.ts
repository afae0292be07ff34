import type { Socket } from 'node:net';
import type { ServerChannel, Connection as Ssh2Client } from 'ssh2';
import type { CutHow, DisconnectFault, FaultMoment, FaultPhase, Faults } from '../faults/fault-types.ts';
import type { Journal, JournalEvent } from '../journal.ts';
import type { MockSettings } from '../settings.ts';
import { MockLink } from './link.ts';
import { canSend, mendChannel, sendPacket, silenceChannel, startRekey } from './ssh2-internals.ts';

const noFaults: Faults = {};

/** What a connection needs of its server. */
export interface ConnectionOwner {
  readonly settings: MockSettings;
  readonly log: Journal;
  onClosed(connection: ServerConnection): void;
}

/** One client of a mock server: its link, its faults, and everything that must end with it. */
export class ServerConnection {
  readonly id: number;
  readonly faults: Faults;
  readonly link: MockLink;
  readonly owner: ConnectionOwner;
  readonly settings: MockSettings;
  /** ssh2's object for it, once the client has sent its identification line. */
  client: Ssh2Client | undefined;
  username = '';
  /** Whether the client has neither closed nor reset its side. */
  isOpen = true;
  readonly #reached = new Set<FaultPhase>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #channels = new Set<ServerChannel>();
  readonly #whenEnded = new Set<() => void>();
  #rekeying: Promise<void> | undefined;
  #endRekey: (() => void) | undefined;
  #hasEnded = false;

  constructor(id: number, raw: Socket, faults: Faults | undefined, owner: ConnectionOwner) {
    this.id = id;
    this.faults = faults ?? noFaults;
    this.owner = owner;
    this.settings = owner.settings;
    this.note({ type: 'connect', remotePort: raw.remotePort });
    this.link = new MockLink(raw, faults, {
      onClientGone: () => this.#clientIsGone(),
      onClosed: () => {
        this.#end();
        owner.onClosed(this);
      },
      onCut: (how) => {
        this.note({ type: 'fault', fault: how });
        if (how !== 'freeze') this.#end();
        this.#endRekey?.();
      },
    });
    this.link.once('end', () => this.#end());
    this.link.once('close', () => this.#end());
  }

  /** Whether nothing more can be sent. A frozen connection still counts as alive: its server does not know. */
  get isEnded(): boolean {
    return this.#hasEnded;
  }

  /** Calls `action` when nothing more can be sent; returns a function that cancels this. */
  onEnd(action: () => void): () => void {
    this.#whenEnded.add(action);
    return () => void this.#whenEnded.delete(action);
  }

  note(event: JournalEvent): void {
    this.owner.log.add(this.id, event);
  }

  /** Whether packets can be sent. */
  get isAlive(): boolean {
    return !this.#hasEnded && this.client !== undefined && canSend(this.client);
  }

  /** Does something with ssh2, unless the connection has gone meanwhile. */
  whileAlive(action: (client: Ssh2Client) => void): void {
    if (!this.isAlive || !this.client) return;
    try {
      action(this.client);
    } catch (error) {
      // ssh2 throws if a connection dies between our check and its write; that ends the connection, not the process.
      this.note({ type: 'fault', fault: `server error: ${error instanceof Error ? error.message : error}` });
    }
  }

  /** Runs `action` later, unless the connection ends first. */
  later(afterMs: number, action: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, afterMs);
    this.#timers.add(timer);
    return timer;
  }

  cancel(timer: NodeJS.Timeout | undefined): void {
    if (!timer) return;
    clearTimeout(timer);
    this.#timers.delete(timer);
  }

  /** A step was reached: triggers the faults that wait for it. */
  reach(phase: FaultPhase): void {
    if (this.#reached.has(phase)) return;
    this.#reached.add(phase);
    const { freeze, disconnect } = this.faults;
    if (freeze) this.#strikeAt(phase, freeze, () => this.link.cut('freeze'));
    if (disconnect) this.#strikeAt(phase, disconnect, () => this.disconnect(disconnect));
  }

  /** Sends a DISCONNECT with our own code and text (ssh2 sends no text), and closes. */
  disconnect({ code = 2, message = '' }: DisconnectFault): void {
    this.note({ type: 'fault', fault: `disconnect ${code}` });
    const text = Buffer.from(message);
    const payload = Buffer.alloc(1 + 4 + 4 + text.length + 4);
    payload[0] = 1;
    payload.writeUInt32BE(code, 1);
    payload.writeUInt32BE(text.length, 5);
    text.copy(payload, 9);
    this.whileAlive((client) => sendPacket(client, payload));
    this.link.end();
    // A client that never closes its own side must not keep the socket forever.
    this.later(200, () => this.cut('fin'));
  }

  cut(how: CutHow): void {
    this.link.cut(how);
  }

  /** Watches over a channel: corrects ssh2's faults and ends it with the connection. */
  adopt(channel: ServerChannel): void {
    mendChannel(channel);
    channel.on('error', () => {});
    channel.stderr?.on('error', () => {});
    this.#channels.add(channel);
    channel.once('close', () => this.#channels.delete(channel));
    if (this.#hasEnded) silenceChannel(channel);
  }

  /** Starts a key exchange, unless one is under way; resolves when it is done or no longer possible. */
  rekey(): Promise<void> {
    const { client } = this;
    if (!this.isAlive || this.link.isCut || !client || this.username === '') return Promise.resolve();
    this.#rekeying ??= new Promise<void>((resolve) => {
      this.#endRekey = resolve;
      client.once('rekey', resolve);
      this.onEnd(resolve);
      this.whileAlive(startRekey);
    }).finally(() => {
      this.#rekeying = this.#endRekey = undefined;
    });
    return this.#rekeying;
  }

  #strikeAt(phase: FaultPhase, moment: FaultMoment, strike: () => void): void {
    if ((moment.phase ?? 'accept') !== phase) return;
    // Never in the turn in which ssh2 called us: it is in the middle of a packet.
    if (moment.afterMs) this.later(moment.afterMs, strike);
    else if (phase === 'accept') strike();
    else setImmediate(strike);
  }

  #clientIsGone(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.note({ type: 'disconnect', how: 'client closed' });
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    for (const channel of this.#channels) silenceChannel(channel);
    this.#channels.clear();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    for (const action of [...this.#whenEnded]) action();
    this.#whenEnded.clear();
  }
}
