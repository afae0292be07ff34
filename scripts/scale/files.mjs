// What a known_hosts file and a customers file with a line for each PC cost.
//
//   npm run scale:files -- [PCS]        default 5000
import { createHmac, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCustomers, lookupHostKey } from 'ssh-via-gateway';

const pcs = Number(process.argv[2] ?? 5_000);
const folder = await mkdtemp(join(tmpdir(), 'scale-'));
const path = (name) => join(folder, name);
const names = Array.from({ length: pcs }, (_, index) => `customer-${index}`);
const keys = names.map(hostKey);
const rows = [];

await writeFile(path('plain'), linesOf(names));
await writeFile(path('hashed'), linesOf(names.map(hashed)));
// A file that has just been written is read each time.
await measured('plain names, file just written', Math.min(pcs, 50), (index) => lookUp('plain', index));
await new Promise((resolve) => setTimeout(resolve, 6_000));
await lookUp('plain', 0);
await measured('plain names', pcs, (index) => lookUp('plain', index));
await lookUp('hashed', 0);
await measured('hashed names, the first time', Math.min(pcs, 100), (index) => lookUp('hashed', index));
await measured('hashed names, from then on', Math.min(pcs, 100), (index) => lookUp('hashed', index));

await writeFile(path('customers.json'), JSON.stringify(customersFile(), undefined, 2));
await measured('load the customers file', 10, async () => {
  const { customers } = await loadCustomers(path('customers.json'));
  if (customers.size !== pcs) throw new Error(`${customers.size} customers`);
});
console.table(rows);
console.log(`Node.js ${process.version}, ${pcs} PCs`);
await rm(folder, { recursive: true });

async function measured(what, times, run) {
  const before = process.cpuUsage();
  for (let index = 0; index < times; index++) await run(index);
  const { user, system } = process.cpuUsage(before);
  rows.push({ what, 'CPU ms each': ((user + system) / 1_000 / times).toFixed(2) });
}

async function lookUp(file, index) {
  const query = { knownHosts: path(file), host: 'gateway', alias: names[index], key: keys[index] };
  const { verdict } = await lookupHostKey(query);
  if (verdict !== 'match') throw new Error(`${names[index]}: ${verdict}`);
}

function linesOf(shown) {
  return shown.map((name, index) => `${name} ${keys[index]}\n`).join('');
}

function hashed(name) {
  const salt = randomBytes(20);
  const hash = createHmac('sha1', salt).update(name).digest('base64');
  return `|1|${salt.toString('base64')}|${hash}`;
}

function hostKey() {
  const head = Buffer.from('0000000b7373682d6564323535313900000020', 'hex');
  return `ssh-ed25519 ${Buffer.concat([head, randomBytes(32)]).toString('base64')}`;
}

function customersFile() {
  const entry = (name, index) => ({
    account: `tunnel-${index}`,
    port: 10_000 + index,
    username: 'rpa',
    hostKey: keys[index],
    labels: { name },
  });
  const customers = Object.fromEntries(names.map((name, index) => [name, entry(name, index)]));
  return { gateway: { host: 'gateway.example.com' }, customers };
}
