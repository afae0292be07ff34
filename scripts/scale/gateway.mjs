// What many tunnels cost a real OpenSSH gateway, and how long they take to come back after its restart, by MaxStartups.
// Linux, as root (the account that the tunnels log in to is made for the run and removed).
//
//   npm run scale:gateway -- [TUNNELS] [MAX STARTUPS ...]     default 200 10:30:100 100:30:500
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { connectViaGateway, keepReverseTunnel, listGatewayTunnels } from 'ssh-via-gateway';
import { importTypeScript } from './typescript.mjs';

const count = Number(process.argv[2] ?? 200);
const kinds = process.argv.length > 3 ? process.argv.slice(3) : ['10:30:100', '100:30:500'];

const { startSshd } = await importTypeScript('test/support/sshd.ts');
const pc = createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-PC\r\n'));
await new Promise((resolve) => pc.listen(0, '127.0.0.1', resolve));

const rows = [];
for (const maxStartups of kinds) rows.push(await tryWith(maxStartups));
console.table(rows);
pc.close();

async function tryWith(maxStartups) {
  const sshd = await startSshd({ address: '0.0.0.0', config: [`MaxStartups ${maxStartups}`] });
  const up = new Set();
  let failures = 0;
  let wake = () => {};
  const tunnels = Array.from({ length: count }, (_, index) =>
    keepReverseTunnel({
      gateway: { ...optionsFor(sshd), host: addressOf(index) },
      listenPort: 61_000 + index,
      target: { host: '127.0.0.1', port: pc.address().port },
      checkInterval: 3_600_000,
      onEvent({ type }) {
        if (type === 'up') up.add(index);
        else if (type === 'down') up.delete(index);
        else if (type === 'waiting') failures++;
        wake();
      },
    }),
  );
  const reached = async (size) => {
    const start = performance.now();
    while (up.size !== size) await new Promise((resolve) => (wake = resolve));
    return `${((performance.now() - start) / 1_000).toFixed(1)} s`;
  };
  try {
    const first = await reached(count);
    const before = failures;
    const family = descendants(sshd.pid);
    const each = (measure) => family.reduce((sum, pid) => sum + measure(pid), 0) / count;
    const costs = {
      'processes each': family.length / count,
      'MiB each (PSS)': each(sharedMiB).toFixed(2),
      'file descriptors each': each((pid) => readdirSync(`/proc/${pid}/fd`).length).toFixed(0),
    };
    const listed = await listAll(sshd);
    await sshd.stop();
    await reached(0);
    await sshd.start();
    const again = await reached(count);
    return {
      maxStartups,
      'all up': first,
      'failed attempts': before,
      ...costs,
      'listed in': listed,
      'all back': again,
      'failed then': failures - before,
    };
  } finally {
    await Promise.all(tunnels.map((tunnel) => tunnel.close()));
    await sshd.close();
  }
}

function optionsFor({ host, port, username, privateKey, hostPublicKey }) {
  return { host, port, username, privateKey, hostKey: { key: hostPublicKey } };
}

/** One for each tunnel, as each is to be a PC of its own: what one process logs in to one address takes turns. */
function addressOf(index) {
  return `127.1.${index >> 8}.${index & 255}`;
}

/** What `ssh-via-gateway tunnels` does: a look at all ports, and a banner through each. */
async function listAll(sshd) {
  const connection = await connectViaGateway(optionsFor(sshd));
  const start = performance.now();
  const tunnels = await listGatewayTunnels(connection, { ports: { from: 61_000, to: 60_999 + count } });
  const seconds = (performance.now() - start) / 1_000;
  await connection.close();
  const alive = tunnels.filter(({ verdict }) => verdict === 'alive').length;
  if (alive !== count) throw new Error(`${alive} of ${count} tunnels answer`);
  return `${seconds.toFixed(1)} s`;
}

function descendants(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/** Proportional memory: a page shared by n processes counts one n-th for each. */
function sharedMiB(pid) {
  const pss = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  return Number(pss?.[1] ?? 0) / 1_024;
}
