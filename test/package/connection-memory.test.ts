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

test('an open connection at rest takes 23 KiB of heap and buffers at most', async () => {
  const started = server.replaceAll('\n', ' ');
  const program = measure.replace(
    `fork('server.mjs', { execArgv: [] })`,
    `fork('', { execArgv: ['--input-type=module', '-e', ${JSON.stringify(started)}] })`,
  );
  const args = ['--expose-gc', '--input-type=module', '-e', program];
  const bytes = Number(await runOrThrow(process.execPath, args, { cwd: inject('plainInstall') }));
  console.log(`a connection at rest: ${(bytes / 1024).toFixed(1)} KiB`);
  expect(bytes).toBeGreaterThan(4 * 1024);
  expect(bytes).toBeLessThan(23 * 1024);
});
