import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect as dial } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import type { Connection } from '../../src/connection.ts';
import { exec } from '../../src/exec/exec.ts';
import type { Link } from '../../src/ssh2/channels/link.ts';
import { startDelayRelay } from '../support/delay-relay.ts';
import { startDropbear } from '../support/dropbear.ts';
import { plainLink } from '../support/plain-link.ts';
import { type Sshd, startSshd } from '../support/sshd.ts';

const rtt = 200;

/** Round trips until the first command has ended, without the one of TCP's own handshake. */
async function roundTrips(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / rtt;
}

const login = (
  { username, privateKey, hostPublicKey }: Pick<Sshd, 'username' | 'privateKey' | 'hostPublicKey'>,
  port: number,
) => ({
  ...{ host: '127.0.0.1', port, username, privateKey, retry: false as const },
  hostKey: { key: hostPublicKey },
});

it('needs four round trips for a connection and its first command, where plain ssh2 needs eight', async () => {
  await using sshd = await startSshd();
  await using relay = await startDelayRelay(sshd.port, rtt);
  const once = () =>
    roundTrips(async () => {
      const connection = await connectViaGateway(login(sshd, relay.port));
      await connection.exec('true');
      void connection.close();
    });
  // On a busy machine sshd takes as long as a round trip: the best of three.
  let ours = await once();
  for (let turn = 1; turn < 3 && ours > 4.6; turn++) ours = Math.min(ours, await once());
  const plain = await roundTrips(() => plainSsh2(sshd, relay.port));
  console.log(`round trips behind TCP's own: ours ${ours.toFixed(2)}, plain ssh2 ${plain.toFixed(2)}`);
  expect(ours).toBeGreaterThan(3);
  expect(ours).toBeLessThan(4.9);
  expect(plain - ours).toBeGreaterThan(3);
});

async function plainSsh2({ username, privateKey }: Sshd, port: number): Promise<void> {
  const client = new ssh2.Client();
  client.on('error', () => {});
  client.connect({ sock: dial({ port, host: '127.0.0.1', noDelay: true }), username, privateKey });
  await once(client, 'ready');
  await new Promise((resolve, reject) => {
    client.exec('true', (error, channel) => (error ? reject(error) : channel.on('close', resolve).resume()));
  });
  client.end();
}

it('runs commands one after another at least nearly as fast as plain ssh2 does', async () => {
  await using sshd = await startSshd();
  await using connection = await connectViaGateway(login(sshd, sshd.port));
  const client = new ssh2.Client();
  client.on('error', () => {});
  const { username, privateKey, port } = sshd;
  client.connect({ sock: dial({ port, host: '127.0.0.1', noDelay: true }), username, privateKey });
  await once(client, 'ready');
  const plain = () =>
    new Promise<void>((resolve, reject) => {
      client.exec('true', (error, channel) =>
        error ? reject(error) : channel.on('close', () => resolve()).resume(),
      );
    });
  const time = async (work: () => Promise<unknown>) => {
    const startedAt = performance.now();
    for (let n = 0; n < 60; n++) await work();
    return performance.now() - startedAt;
  };
  const ratios: number[] = [];
  for (let round = 0; round < 5; round++)
    ratios.push((await time(plain)) / (await time(() => connection.exec('true'))));
  client.end();
  const best = Math.max(...ratios);
  console.log(`commands in a row, times plain ssh2: ${ratios.map((one) => one.toFixed(2)).join(' ')}`);
  expect(best).toBeGreaterThan(0.75);
});

it.each([
  ['100, hardly more than one round trip', 100, 1.4, 0],
  // Each takes one of ten sessions for two round trips: 1.6 on average. It was four when refusals were not borne well.
  ['10, one and a half', 10, 2.4, 25],
])(
  'runs eight commands at a time in few round trips each, with MaxSessions %s',
  async (_words, maxSessions, most, refusals) => {
    await using sshd = await startSshd({ config: [`MaxSessions ${maxSessions}`] });
    await using relay = await startDelayRelay(sshd.port, 100);
    await using connection = await connectViaGateway(login(sshd, relay.port));
    await using near = await connectViaGateway(login(sshd, sshd.port));
    const lanes = async (there: Connection) => {
      const lane = async () => {
        for (let n = 0; n < 10; n++) await there.exec('true');
      };
      const startedAt = performance.now();
      await Promise.all(Array.from({ length: 8 }, lane));
      return performance.now() - startedAt;
    };
    // How far away the server is, and what it allows, is learnt here.
    const refusedSoFar = () => sshd.log().split('no more sessions').length - 1;
    await lanes(near);
    let refusedNear = refusedSoFar();
    await lanes(connection);
    let trips = Number.POSITIVE_INFINITY;
    for (let turn = 0; turn < 5 && trips > most; turn++) {
      const before = refusedSoFar();
      // What the server itself takes for eight at a time is not the line's.
      const own = await lanes(near);
      refusedNear += refusedSoFar() - before;
      trips = Math.min(trips, ((await lanes(connection)) - own) / 100 / 10);
    }
    const refused = refusedSoFar() - refusedNear;
    console.log(
      `8 at a time, MaxSessions ${maxSessions}: ${trips.toFixed(2)} round trips each, ${refused} refused`,
    );
    expect(trips).toBeLessThan(most);
    expect(refused).toBeLessThanOrEqual(refusals);
  },
);

it('runs twice eight commands at a time in three round trips where the limit is known, and sshd refuses nothing', async () => {
  await using sshd = await startSshd({ config: ['MaxSessions 100'] });
  await using relay = await startDelayRelay(sshd.port, 200);
  const lane = async (connection: Connection, count: number) => {
    for (let n = 0; n < count; n++) await connection.exec('true');
  };
  const lanes = (connection: Connection, count: number) =>
    Promise.all(Array.from({ length: 8 }, () => lane(connection, count)));
  {
    // How many it allows is learnt here.
    await using connection = await connectViaGateway(login(sshd, relay.port));
    await lanes(connection, 5);
  }
  let trips = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 4 && trips > 3.6; turn++) {
    await using connection = await connectViaGateway(login(sshd, relay.port));
    const startedAt = performance.now();
    await lanes(connection, 2);
    trips = Math.min(trips, (performance.now() - startedAt) / 200);
  }
  console.log(`2 x 8 commands: ${trips.toFixed(2)} round trips`);
  expect(trips).toBeLessThan(3.7);
  expect(sshd.log()).not.toContain('no more sessions');
});

it('has sixteen at a time answered sooner by sending them a little apart, than all that begin together at once', async () => {
  await using sshd = await startSshd({ config: ['MaxSessions 100'] });
  await using relay = await startDelayRelay(sshd.port, 50);
  const { host, username, privateKey } = sshd;
  const to = (serverVersion: string) =>
    plainLink({
      host,
      port: relay.port,
      username,
      privateKey,
      opensAhead: true,
      maxSessions: 100,
      serverVersion,
    });
  await using apart = await to('SSH-2.0-OpenSSH_9.2p1');
  // As to servers that are not OpenSSH.
  await using together = await to('SSH-2.0-acme');
  const lanes = async ({ link }: { link: Link }) => {
    const startedAt = performance.now();
    const lane = async () => {
      for (let n = 0; n < 20; n++) await exec(link, 'true');
    };
    await Promise.all(Array.from({ length: 16 }, lane));
    return performance.now() - startedAt;
  };
  // How far away the server is is learnt here.
  for (const one of [apart, together]) await lanes(one);
  let ratio = 0;
  for (let turn = 0; turn < 4 && ratio < 1.1; turn++)
    ratio = Math.max(ratio, (await lanes(together)) / (await lanes(apart)));
  console.log(`16 at a time, a little apart: ${ratio.toFixed(2)} times as many`);
  expect(ratio).toBeGreaterThan(1.1);
});

it('logs in to dropbear by the same short way', async () => {
  await using sshd = await startSshd();
  await using dropbear = await startDropbear(sshd);
  const options = login(dropbear, dropbear.port);
  await using connection = await connectViaGateway(options);
  expect(connection.serverVersion).toContain('dropbear');
  expect((await connection.exec('echo in')).stdout).toBe('in\n');
  const stranger = { ...options, username: 'nobody' };
  await expect(connectViaGateway(stranger)).rejects.toMatchObject({ code: 'SSH_AUTHENTICATION_FAILED' });
});

it.each([
  ['64 KiB', 64 * 1024, 3, 3],
  ['16 MiB', 16 * 2 ** 20, 6, 5],
])('moves a file of %s in few round trips, the session for it included', async (_size, size, up, down) => {
  await using sshd = await startSshd();
  await using relay = await startDelayRelay(sshd.port, rtt);
  const content = randomBytes(size);
  const folder = await mkdtemp(join(tmpdir(), 'round-trips-'));
  try {
    // What is loaded on demand is not to be counted.
    await using near = await connectViaGateway(login(sshd, sshd.port));
    const local = join(folder, 'file');
    await near.upload(Buffer.from('x'), `${sshd.home}/near`);
    await near.download(`${sshd.home}/near`, local);
    const upload = async (port: number) => {
      await using there = await connectViaGateway(login(sshd, port));
      return await roundTrips(async () => void (await there.upload(content, `${sshd.home}/file`)));
    };
    const download = async (port: number) => {
      await using there = await connectViaGateway(login(sshd, port));
      return await roundTrips(async () => void (await there.download(`${sshd.home}/file`, local)));
    };
    // What the machine takes for enciphering and writing is not the line's. It varies: the best of three.
    let [sent, fetched] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let turn = 0; turn < 3 && (sent > up + 0.9 || fetched > down + 0.9); turn++) {
      sent = Math.min(sent, (await upload(relay.port)) - (await upload(sshd.port)));
      fetched = Math.min(fetched, (await download(relay.port)) - (await download(sshd.port)));
    }
    console.log(`round trips of ${_size}: up ${sent.toFixed(2)}, down ${fetched.toFixed(2)}`);
    expect((await readFile(local)).equals(content)).toBe(true);
    expect(sshd.log()).not.toMatch(/too much data|channel window/);
    expect(sent).toBeLessThan(up + 0.9);
    expect(fetched).toBeLessThan(down + 0.9);
  } finally {
    await rm(folder, { recursive: true });
  }
});
