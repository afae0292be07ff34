// One command on every customer's PC, 20 at a time, and a table of what came of it, the failures by class.
//
//   node examples/fleet.mjs
//       tries it on 200 PCs behind a mock gateway in this process; some of them are in trouble
//
//   FLEET=customers.json SSH_USERNAME=rpa SSH_PRIVATE_KEY_PATH=~/.ssh/id_ed25519 node examples/fleet.mjs whoami
//       on real ones; customers.json is [{ "name": "Kim", "host": "gateway.example.com", "port": 9012 }, ...]
import { readFile } from 'node:fs/promises';
import pMap from 'p-map';
import { connectViaGateway, isSshError } from 'ssh-via-gateway';

const command = process.argv[2] ?? 'hostname';
const fleet = process.env.FLEET ? await realFleet(process.env.FLEET) : await mockFleet(200);

const startedAt = performance.now();
const results = await pMap(fleet.customers, visit, { concurrency: 20 });
const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
await fleet.close();

report(results);
console.log(
  `${results.length} customers in ${seconds} s, ${results.filter(({ ok }) => ok).length} succeeded`,
);

/** Never rejects: one customer's trouble must not stop the others. */
async function visit({ name: customer, options }) {
  let connection;
  try {
    connection = await connectViaGateway({ ...fleet.defaults, ...options });
    const { stdout } = await connection.exec(command, { timeout: 60_000 });
    return { customer, ok: true, outcome: 'ok', said: stdout.trim() };
  } catch (error) {
    if (!isSshError(error)) throw error; // A mistake in this program.
    return { customer, ok: false, outcome: error.name, said: error.hint ?? error.message };
  } finally {
    await connection?.close();
  }
}

function report(results) {
  const byOutcome = new Map();
  for (const result of results)
    byOutcome.set(result.outcome, [...(byOutcome.get(result.outcome) ?? []), result]);
  const rows = [...byOutcome].sort(([, a], [, b]) => b.length - a.length);
  console.table(
    rows.map(([outcome, list]) => ({
      outcome,
      customers: list.length,
      who: shortened(list.map(({ customer }) => customer).join(', '), 40),
      'what it means': shortened(list[0].said, 70),
    })),
  );
}

function shortened(text, max) {
  return text.length > max ? `${text.slice(0, max - 3)}...` : text;
}

async function realFleet(path) {
  const customers = JSON.parse(await readFile(path, 'utf8'));
  return {
    customers: customers.map(({ name, ...options }) => ({ name, options })),
    // A fleet-wide command is a survey: who is away now is in the table, and is asked again by the next run.
    defaults: {
      username: process.env.SSH_USERNAME,
      privateKeyPath: process.env.SSH_PRIVATE_KEY_PATH,
      retry: { attempts: 2 },
      timeouts: { total: 180_000 },
    },
    async close() {},
  };
}

async function mockFleet(size) {
  const { startMockGateway } = await import('ssh-via-gateway/mock-server');
  const gateway = await startMockGateway();
  const customers = [];
  for (let number = 1; number <= size; number++) {
    const pc = await gateway.addPc({
      server: { exec: { hostname: { stdout: `PC-${number}\r\n` } } },
    });
    const { hostKey, clientKey, username } = pc.server;
    customers.push({
      name: `customer-${number}`,
      options: {
        ...{ host: gateway.host, port: pc.port, username },
        privateKey: clientKey.privateKey,
        hostKey: { fingerprint: hostKey.fingerprint },
      },
    });
    await trouble(pc, customers.at(-1), number);
  }
  return {
    customers,
    defaults: { retry: false, timeouts: { banner: 2_000 } },
    close: () => gateway.close(),
  };
}

/** What a fleet looks like on a Monday morning. */
async function trouble(pc, customer, number) {
  if (number % 17 === 0) await pc.dropTunnel();
  else if (number % 29 === 0) pc.stopSshd();
  else if (number % 41 === 0) pc.vanish();
  else if (number % 67 === 0) customer.options.hostKey = { fingerprint: `SHA256:${'A'.repeat(43)}` };
  else if (number % 71 === 0) customer.options.username = 'somebody-else';
}
