import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSshd } from '../../test/support/sshd.ts';
import { startRelay } from './relay.ts';
import type { Target } from './types.ts';

/** A real OpenSSH server on loopback, reachable without and with delay. */
export interface BenchServer {
  /** The server with a round trip of so many milliseconds. */
  at(rtt: number): Promise<Target>;
  /** A folder on the server; the server is this machine. */
  remote: string;
  /** A folder for local files. */
  local: string;
  close(): Promise<void>;
}

export async function startServer(): Promise<BenchServer> {
  const sshd = await startSshd({ config: ['MaxSessions 10', 'MaxStartups 1000'] });
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const targets = new Map<number, Target>();
  const relays: Array<{ close(): void }> = [];
  const knownHostsPath = join(folder, 'known_hosts');
  await writeFile(knownHostsPath, `* ${sshd.hostPublicKey}\n`);
  const make = async (rtt: number): Promise<Target> => {
    const relay = rtt === 0 ? undefined : await startRelay(sshd.port, rtt);
    if (relay) relays.push(relay);
    const { host, username, privateKey, privateKeyPath, hostPublicKey } = sshd;
    return {
      host,
      port: relay?.port ?? sshd.port,
      username,
      privateKey,
      privateKeyPath,
      hostPublicKey,
      knownHostsPath,
    };
  };
  return {
    remote: sshd.home,
    local: folder,
    async at(rtt) {
      const target = targets.get(rtt) ?? (await make(rtt));
      targets.set(rtt, target);
      return target;
    },
    async close() {
      for (const relay of relays) relay.close();
      await sshd.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
