// One worker that holds a connection to each of many mock PCs; docs/scale.md has what it printed.
//
//   npm run scale -- [PCS] [AT ONCE] [--known-hosts plain|hashed] [--rest SECONDS]        default 1000 50, 30 s
//
// The PCs live in another process; only the worker's own memory and processor time are counted. Each number comes from
// this run; nothing is compared with anything. Fails if a PC is not reached or answers for another one. With
// --known-hosts, host keys are looked up in a file with a line for each PC; otherwise one fingerprint is pinned.
import { fork } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pMap from 'p-map';
import { connectViaGateway } from 'ssh-via-gateway';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'known-hosts': { type: 'string' }, rest: { type: 'string', default: '30' } },
});
const [pcs = 1_000, concurrency = 50] = positionals.map(Number);
const downFor = 5_000;

const fleet = fork(fileURLToPath(new URL('fleet.mjs', import.meta.url)), [String(pcs)]);
fleet.on('exit', (code) => {
  if (code !== 0) process.exit(1);
});
const [{ host, ports, username, privateKey, fingerprint, publicKey }] = await once(fleet, 'message');
const folder = await mkdtemp(join(tmpdir(), 'scale-'));
const hostKeyOf = await hostKeys(values['known-hosts']);

const rows = [];
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();

/** Memory in use, in MiB, once nothing more can be collected; `rss` includes what the allocator keeps for later. */
async function memory() {
  for (let round = 0; round < 4; round++) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    globalThis.gc();
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss: Math.round(rss / 2 ** 20), 'in use': Math.round((heapUsed + external) / 2 ** 20) };
}

async function measured(step, run) {
  delay.reset();
  const [cpu, start] = [process.cpuUsage(), performance.now()];
  const more = await run();
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const cpuMs = (user + system) / 1_000;
  const blocked = Math.round(delay.max / 1e6);
  const spent = {
    seconds: seconds.toFixed(1),
    'CPU ms each': (cpuMs / pcs).toFixed(2),
    'blocked ms': blocked,
  };
  rows.push({ step, ...spent, ...(await memory()), ...more });
}

rows.push({ step: 'start', ...(await memory()) });

let failedAttempts = 0;
const options = {
  host,
  username,
  privateKey,
  retry: { attempts: 100, maxDelay: 5_000, onRetry: () => void failedAttempts++ },
  timeouts: { total: 600_000 },
};
const connectTo = (port, index) => connectViaGateway({ ...options, port, hostKey: hostKeyOf(index) });

let connections = [];
await measured('connect to all', async () => {
  connections = await pMap(ports, connectTo, { concurrency });
});
await measured('a command on each', async () => {
  const said = await pMap(connections, (connection) => connection.exec('hostname'), { concurrency });
  const wrong = said.filter(({ stdout }, index) => stdout.trim() !== `PC-${index + 1}`).length;
  if (wrong > 0) process.exitCode = 1;
  return { wrong };
});
await measured(
  `${values.rest} s at rest`,
  () => new Promise((resolve) => setTimeout(resolve, Number(values.rest) * 1_000)),
);

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
await rm(folder, { recursive: true });
fleet.disconnect();

/** How to check the host key of each PC. */
async function hostKeys(kind) {
  if (kind === undefined) return () => ({ fingerprint });
  const knownHosts = join(folder, 'known_hosts');
  const line = (name) => `${kind === 'hashed' ? hashed(name) : name} ${publicKey}\n`;
  await writeFile(knownHosts, ports.map((_, index) => line(`customer-${index}`)).join(''));
  return (index) => ({ knownHosts, alias: `customer-${index}` });
}

function hashed(name) {
  const salt = randomBytes(20);
  const hash = createHmac('sha1', salt).update(name).digest('base64');
  return `|1|${salt.toString('base64')}|${hash}`;
}
