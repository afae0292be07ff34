import { type AddressInfo, createServer, type Server as NetServer, type Socket } from 'node:net';
import type { Server, ServerConfig, Connection as Ssh2Client } from 'ssh2';
import { serveAuthentication } from './auth.ts';
import { Closing } from './closing.ts';
import { startBanner } from './faults/banner.ts';
import { installChannelFaults } from './faults/channel-faults.ts';
import { faultsCheck } from './faults/fault-checks.ts';
import type { Faults } from './faults/fault-types.ts';
import { installHandshakeFaults } from './faults/handshake-faults.ts';
import { serveLocalForwards } from './forwards/local-forwards.ts';
import { MockRemoteForwards } from './forwards/remote-forwards.ts';
import { Journal, type JournalEntry } from './journal.ts';
import { generatedKey } from './keys.ts';
import { loadSsh2 } from './load-ssh2.ts';
import { holdCheck, waitCheck } from './option-checks.ts';
import { serveSessions } from './sessions/sessions.ts';
import { type MockSettings, resolveSettings } from './settings.ts';
import { filesystemFor } from './sftp/files/choose.ts';
import type { Filesystem } from './sftp/files/filesystem.ts';
import type { MockFiles, MockShare } from './sftp/files/mock-files.ts';
import { noFiles } from './sftp/files/no-files.ts';
import type { MockHostKey, MockKeyPair, MockServer, MockServerOptions } from './types.ts';
import { type ConnectionOwner, ServerConnection } from './wire/connection.ts';
import { keepOpensInTurn } from './wire/early-opens.ts';
import type { MockLink } from './wire/link.ts';
import { lookInside } from './wire/look.ts';
import { socketOf } from './wire/ssh2-internals.ts';

// ssh2's server would ping every 15 s and end silent clients; a mock that is frozen on purpose must not.
const never = 2 ** 31 - 1;

/** The implementation of {@link MockServer}; the gateway uses more of it than the public interface shows. */
export class MockServerCore extends Closing implements MockServer, ConnectionOwner {
  readonly settings: MockSettings;
  readonly log = new Journal();
  readonly forwards = new MockRemoteForwards();
  readonly clientKey: MockKeyPair = generatedKey('client');
  port = 0;
  readonly #listener: NetServer;
  readonly #ssh: Server;
  readonly #open = new Set<ServerConnection>();
  readonly #filesystem: Filesystem | undefined;
  #faults: Faults | undefined;
  #accepted = 0;
  #acceptedSinceFaults = 0;

  constructor(options: MockServerOptions) {
    super();
    this.settings = resolveSettings(options);
    this.#faults = options.faults;
    this.#filesystem = filesystemFor(options, this.settings);
    this.#ssh = new (loadSsh2().Server)(sshConfig(this.settings), (client) => this.#begin(client));
    this.#listener = createServer({ allowHalfOpen: true }, (socket) => this.accept(socket));
    this.#listener.on('error', () => {});
  }

  get journal(): readonly JournalEntry[] {
    return this.log.entries;
  }

  get host(): string {
    return this.settings.host;
  }

  get hostKey(): MockHostKey {
    return this.settings.hostKey;
  }

  get username(): string {
    return this.settings.accounts[0]?.username ?? '';
  }

  get password(): string | undefined {
    return this.settings.accounts[0]?.password;
  }

  get connections(): number {
    return [...this.#open].filter((connection) => connection.isOpen).length;
  }

  get files(): MockFiles {
    return this.#filesystem?.files ?? noFiles;
  }

  async listen(): Promise<void> {
    await lookInside(this.#ssh);
    await new Promise<void>((resolve, reject) => {
      this.#listener.once('error', reject);
      this.#listener.listen(this.settings.port, this.settings.host, resolve);
    });
    this.port = (this.#listener.address() as AddressInfo).port;
  }

  /** Serves a client; the gateway brings its own sockets. */
  accept(socket: Socket): void {
    // After close(), a socket may still come out of the queue.
    if (this.isClosed) return void socket.destroy();
    socket.setNoDelay(true);
    const connection = new ServerConnection(++this.#accepted, socket, this.#nextFaults(), this);
    this.#open.add(connection);
    connection.reach('accept');
    if (connection.link.isCut) return;
    startBanner(connection, () => {
      if (!connection.link.destroyed) this.#ssh.injectSocket(connection.link as unknown as Socket);
    });
  }

  /** The links of all connections that are open or frozen. */
  links(): MockLink[] {
    return [...this.#open].map(({ link }) => link);
  }

  onClosed(connection: ServerConnection): void {
    this.#open.delete(connection);
  }

  hold(path: string, ms = Number.POSITIVE_INFINITY, options: { share?: MockShare[] } = {}): () => void {
    holdCheck('options', options);
    if (!this.#filesystem?.hold)
      throw new Error('only a server with option windows knows files that another program holds');
    return this.#filesystem.hold(path, ms, options.share ?? ['read', 'write']);
  }

  setFaults(faults: Faults | undefined): void {
    if (faults !== undefined) faultsCheck('faults', faults);
    this.#faults = faults;
    this.#acceptedSinceFaults = 0;
  }

  waitFor(
    what: JournalEntry['type'] | ((entry: JournalEntry) => boolean),
    options: { timeoutMs?: number } = {},
  ): Promise<JournalEntry> {
    waitCheck('options', options);
    const { timeoutMs = 5_000 } = options;
    const match = typeof what === 'function' ? what : (entry: JournalEntry) => entry.type === what;
    return this.log.waitFor(match, timeoutMs);
  }

  dropAll(how: 'fin' | 'rst' | 'freeze'): void {
    for (const connection of [...this.#open]) connection.cut(how);
  }

  drop(connection: number, how: 'fin' | 'rst' | 'freeze'): void {
    for (const candidate of [...this.#open]) if (candidate.id === connection) candidate.cut(how);
  }

  async rekey(): Promise<void> {
    await Promise.all([...this.#open].map((connection) => connection.rekey()));
  }

  protected override async closeNow(): Promise<void> {
    this.log.close();
    this.forwards.closeAll();
    this.settings.jobs?.close();
    this.#filesystem?.close?.();
    const sockets = [...this.#open].map(
      ({ link }) =>
        new Promise<void>((resolve) =>
          link.raw.closed ? resolve() : link.raw.once('close', () => resolve()),
        ),
    );
    for (const connection of [...this.#open]) connection.link.terminate();
    await Promise.all([...sockets, new Promise((resolve) => this.#listener.close(resolve))]);
    // ssh2's last timers and 'close' events run in the following turns.
    await new Promise(setImmediate);
  }

  #nextFaults(): Faults | undefined {
    const faults = this.#faults;
    if (!faults) return undefined;
    const index = this.#acceptedSinceFaults++;
    const { skip = 0, connections = Number.POSITIVE_INFINITY } = faults;
    return index >= skip && index < skip + connections ? faults : undefined;
  }

  /** The client has sent its identification line. */
  #begin(client: Ssh2Client & { on(event: string, listener: (...args: never[]) => void): unknown }): void {
    const connection = [...this.#open].find(({ link }) => link === socketOf(client));
    // ssh2 would turn errors of clients into uncaught exceptions.
    client.on('error', () => {});
    if (!connection) return;
    connection.client = client;
    serveClient(this, connection, client, this.#filesystem);
  }
}

function serveClient(
  server: MockServerCore,
  connection: ServerConnection,
  client: Ssh2Client,
  files: Filesystem | undefined,
): void {
  installHandshakeFaults(connection, client);
  const authenticate = serveAuthentication(connection);
  client.once('ready', () => {
    connection.note({ type: 'ready', username: connection.username });
    connection.reach('ready');
  });
  const refuseWith = installChannelFaults(connection, client);
  serveSessions(connection, client, files);
  serveLocalForwards(connection, client, refuseWith);
  server.forwards.serve(connection, client);
  const inTurn = keepOpensInTurn(connection, client);
  client.on('authentication', (context) => {
    inTurn(context);
    authenticate(context);
  });
}

function sshConfig({ hostKeys, ident, options }: MockSettings): ServerConfig {
  const { algorithms, loginBanner, greeting } = options;
  return {
    hostKeys,
    ident,
    keepaliveInterval: never,
    keepaliveCountMax: never,
    ...(algorithms && { algorithms: algorithms as NonNullable<ServerConfig['algorithms']> }),
    ...(loginBanner && { banner: loginBanner }),
    ...(greeting && { greeting }),
  };
}
