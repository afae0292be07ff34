import { expect, inject, test } from 'vitest';
import { runOrThrow } from './support/run.ts';

const connections = 100;

/** The heap that each of so many open connections adds, in a process that has had as many before. */
const measure = `
  import { fork } from 'node:child_process';
  import { once } from 'node:events';
  import { connectViaGateway } from 'ssh-via-gateway';
  const server = fork('server.mjs', { execArgv: [] });
  const [{ host, port, hostKey }] = await once(server, 'message');
  const open = () => connectViaGateway({
    host, port, username: 'rpa', password: 'rpa', retry: false, hostKey: { fingerprint: hostKey.fingerprint },
  });
  const openAll = () => Promise.all(Array.from({ length: ${connections} }, open));
  const heap = async () => {
    for (let n = 0; n < 5; n++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  for (let n = 0; n < 3; n++) for (const one of await openAll()) await one.close();
  const before = await heap();
  const all = await openAll();
  const each = ((await heap()) - before) / ${connections};
  for (const one of all) await one.close();
  server.kill();
  console.log(Math.round(each));
`;

const server = `
  import { startMockServer } from 'ssh-via-gateway/mock-server';
  const { host, port, hostKey } = await startMockServer();
  process.send({ host, port, hostKey });
`;

/** Without a collection before the end: what each connect allocates, and what it has left when all are open. */
const allocating = measure
  .replace('const before = await heap();', 'globalThis.gc(); const before = used();')
  .replace('const each = ((await heap()) - before)', 'const each = (used() - before)')
  .replace('const heap =', 'const used = () => process.memoryUsage().heapUsed; const heap =');

async function each(program: string, ...flags: string[]): Promise<number> {
  const started = server.replaceAll('\n', ' ');
  const whole = program.replace(
    `fork('server.mjs', { execArgv: [] })`,
    `fork('', { execArgv: ['--input-type=module', '-e', ${JSON.stringify(started)}] })`,
  );
  const args = ['--expose-gc', ...flags, '--input-type=module', '-e', whole];
  return Number(await runOrThrow(process.execPath, args, { cwd: inject('plainInstall') })) / 1024;
}

test('an open connection at rest takes 20 KiB of heap and buffers at most', async () => {
  // In some runs V8 gives each object 2 KiB more.
  const kib = Math.min(await each(measure), await each(measure));
  console.log(`a connection at rest: ${kib.toFixed(1)} KiB`);
  expect(kib).toBeGreaterThan(4);
  expect(kib).toBeLessThan(20);
});

test('a connect allocates 105 KiB of heap at most', async () => {
  // No collection comes between by itself.
  const kib = await each(allocating, '--min-semi-space-size=64', '--max-semi-space-size=64');
  console.log(`a connect: ${kib.toFixed(1)} KiB`);
  expect(kib).toBeGreaterThan(30);
  expect(kib).toBeLessThan(105);
});
