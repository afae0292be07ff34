import type { Duplex } from 'node:stream';
import ssh2, { type ConnectConfig } from 'ssh2';
import { ConnectionLost, type SshError } from '../../src/errors/index.ts';
import { boundWindows } from '../../src/ssh2/bounds/receive-window.ts';
import type { EarlySession } from '../../src/ssh2/channels/early-session.ts';
import { openDirect } from '../../src/ssh2/channels/forwards.ts';
import { Link } from '../../src/ssh2/channels/link.ts';

export interface PlainLinkOptions {
  host: string;
  port: number;
  username: string;
  password?: string | undefined;
  privateKey?: string | undefined;
  sock?: Duplex | undefined;
  hop?: string | undefined;
  channelTimeout?: number | undefined;
  /** Open a session ahead of the command, as connections do. */
  opensAhead?: boolean | undefined;
  /** What the link believes the server to be; by default one that takes several sessions. */
  serverVersion?: string | undefined;
  maxSessions?: number | undefined;
  /** Milliseconds of a round trip, as if the login had shown it. */
  roundTrip?: number | undefined;
}

/** A Link over a bare ssh2 client: for tests of what stands on a Link, without what makes one. */
export async function plainLink(options: PlainLinkOptions) {
  const {
    host,
    port,
    hop,
    channelTimeout = 5_000,
    opensAhead = false,
    serverVersion = 'OpenSSH_9.9',
    maxSessions,
    roundTrip,
    ...rest
  } = options;
  const client = new ssh2.Client();
  const early = roundTrip === undefined ? undefined : ({ roundTrip, isComing: false } as EarlySession);
  const behaviour = { channelTimeout, opensAhead, serverVersion, maxSessions, early };
  const link = new Link(client, { host, port, hop }, behaviour);
  let asked = false;
  const closed = new Promise<SshError | undefined>((resolve) => {
    const over = (cause?: Error) => {
      const details = { phase: 'session', host, port, hop, why: 'socket', cause } as const;
      link.lost.declare(new ConnectionLost(`${host}:${port} is gone`, details));
      resolve(asked ? undefined : link.lost.error);
    };
    client.on('error', over);
    client.on('end', () => over());
    client.on('close', () => over());
  });
  await new Promise<void>((resolve, reject) => {
    client.once('ready', resolve);
    client.once('error', reject);
    const config = { host, port, strictVendor: false, ...rest };
    client.connect(config as ConnectConfig);
    // Without ssh2's native part each packet is three writes, which Nagle's algorithm would hold up.
    client.setNoDelay(true);
    boundWindows(client, () => client.destroy());
  });
  const close = async () => {
    asked = true;
    client.end();
    client.destroy();
    await closed;
  };
  const openStream = (target: { host: string; port: number } | { socketPath: string }, o = {}) =>
    openDirect(link, target, o);
  return { link, client, closed, close, openStream, [Symbol.asyncDispose]: close };
}
