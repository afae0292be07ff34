// One worker that holds a connection to each of many mock PCs; docs/scale.md has what it printed.
//
//   npm run build && node --expose-gc scripts/scale/worker.mjs [PCS] [AT ONCE]        default 1000 50
//
// The PCs live in another process; only the worker's own memory and processor time are counted. Each number comes from
// this run; nothing is compared with anything.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import pMap from 'p-map';
import { connectViaGateway } from 'ssh-via-gateway';

const pcs = Number(process.argv[2] ?? 1_000);
const concurrency = Number(process.argv[3] ?? 50);
const downFor = 5_000;

const fleet = fork(fileURLToPath(new URL('fleet.mjs', import.meta.url)), [String(pcs)]);
fleet.on('exit', (code) => {
  if (code !== 0) process.exit(1);
});
const [{ host, ports, username, privateKey, fingerprint }] = await once(fleet, 'message');

const rows = [];

/** Memory in use, in MiB, after a garbage collection; `rss` includes what the allocator keeps for later. */
async function memory() {
  await new Promise((resolve) => setTimeout(resolve, 500));
  globalThis.gc();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss: Math.round(rss / 2 ** 20), 'in use': Math.round((heapUsed + external) / 2 ** 20) };
}

async function measured(step, run) {
  const [cpu, start] = [process.cpuUsage(), performance.now()];
  const more = await run();
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const cpuMs = (user + system) / 1_000;
  const spent = { seconds: seconds.toFixed(1), 'CPU ms each': (cpuMs / pcs).toFixed(1) };
  rows.push({ step, ...spent, ...(await memory()), ...more });
}

rows.push({ step: 'start', ...(await memory()) });

let failedAttempts = 0;
const options = {
  host,
  username,
  privateKey,
  hostKey: { fingerprint },
  retry: { attempts: 100, maxDelay: 5_000, onRetry: () => void failedAttempts++ },
  timeouts: { total: 600_000 },
};
const connectTo = (port) => connectViaGateway({ ...options, port });

let connections = [];
await measured('connect to all', async () => {
  connections = await pMap(ports, connectTo, { concurrency });
});
await measured('a command on each', async () => {
  const said = await pMap(connections, (connection) => connection.exec('hostname'), { concurrency });
  const wrong = said.filter(({ stdout }, index) => stdout.trim() !== `PC-${index + 1}`).length;
  return { wrong };
});
await measured('30 s at rest', () => new Promise((resolve) => setTimeout(resolve, 30_000)));

for (const limit of [concurrency, pcs]) {
  const step = limit === pcs ? 'restart, all at the same time' : `restart, ${limit} at once`;
  await measured(step, async () => {
    failedAttempts = 0;
    let noticed = 0;
    let upAt = 0;
    const gone = connections.map(({ closed }) => closed.then(() => void noticed++));
    fleet.on('message', function heard({ up }) {
      if (!up) return;
      upAt = performance.now();
      fleet.off('message', heard);
    });
    fleet.send({ downFor });
    await Promise.all(gone);
    connections = await pMap(ports, connectTo, { concurrency: limit });
    const after = `${((performance.now() - upAt) / 1_000).toFixed(1)} s`;
    return { noticed, 'failed attempts': failedAttempts, 'all back after the return': after };
  });
}

await measured('close all', async () => {
  await Promise.all(connections.map((connection) => connection.close()));
  await Promise.all(connections.map(({ closed }) => closed));
  connections = [];
});
console.table(rows);
console.log(
  `Node.js ${process.version}, ${pcs} PCs; at its most ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`,
);
fleet.disconnect();
