import { chmod, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Sshd, startSshd } from '../../test/support/sshd.ts';
import { inMemory } from './machine.ts';
import { startRelay } from './relay.ts';
import type { Target } from './types.ts';

/** Real OpenSSH servers on loopback, reachable with and without delay. */
export interface BenchServer {
  /** The server at a round trip time of `rtt` milliseconds. */
  at(rtt: number): Promise<Target>;
  /** A second server, with MaxSessions 100; the first has the default of 10. */
  manySessions(rtt?: number): Promise<Target>;
  /** A folder on the server, which is this machine. */
  remote: string;
  /** A folder for local files. */
  local: string;
  close(): Promise<void>;
}

export async function startServer(): Promise<BenchServer> {
  await useMemoryForFiles();
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const toClose: Array<() => unknown> = [];
  const start = async (maxSessions: number) => {
    const sshd = await startSshd({ config: [`MaxSessions ${maxSessions}`, 'MaxStartups 1000'] });
    toClose.push(() => sshd.close());
    return sshd;
  };
  const sshd = await start(10);
  const reach = (server: Sshd) =>
    remembered(async (rtt: number) => {
      if (rtt === 0) return targetOf(server, folder, server.port);
      const relay = await startRelay(server.port, rtt);
      toClose.push(() => relay.close());
      return targetOf(server, folder, relay.port);
    });
  // The server's user must be able to read what root wrote, and vice versa.
  await chmod(folder, 0o755);
  await chmod(sshd.home, 0o777);
  const roomy = remembered(async (maxSessions: number) => reach(await start(maxSessions)));
  return {
    remote: sshd.home,
    local: folder,
    at: reach(sshd),
    manySessions: async (rtt = 0) => (await roomy(100))(rtt),
    async close() {
      for (const close of toClose.reverse()) await close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function targetOf(sshd: Sshd, folder: string, port: number): Promise<Target> {
  const { host, username, privateKey, privateKeyPath, hostPublicKey } = sshd;
  const knownHostsPath = join(folder, `known_hosts-${port}`);
  await writeFile(knownHostsPath, `* ${hostPublicKey}\n`);
  return { host, port, username, privateKey, privateKeyPath, hostPublicKey, knownHostsPath };
}

function remembered<K, V>(make: (key: K) => Promise<V>): (key: K) => Promise<V> {
  const made = new Map<K, Promise<V>>();
  return (key) => {
    const value = made.get(key) ?? make(key);
    made.set(key, value);
    return value;
  };
}

/** Keeps files in memory if there is room; otherwise, a disk that flushes at its own times would be measured. */
async function useMemoryForFiles(): Promise<void> {
  const free = await statfs(inMemory).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  if (free > 3 * 1024 ** 3) process.env['TMPDIR'] = inMemory;
}
