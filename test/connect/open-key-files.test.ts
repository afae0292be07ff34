import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { startMockServer } from '../../src/mock-server/index.ts';
import type { LogRecord } from '../../src/options/types.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'open-key-'));
});
afterAll(() => rm(folder, { recursive: true }));

it.skipIf(process.platform === 'win32').each([
  [0o600, 0],
  [0o400, 0],
  [0o640, 1],
  [0o604, 1],
])('a private key of mode %o causes %i warnings, and is used', async (mode, times) => {
  await using server = await startMockServer();
  const file = join(folder, 'id');
  await writeFile(file, server.clientKey.privateKey);
  await chmod(file, mode);
  const { host, port, username, hostKey } = server;
  const records: LogRecord[] = [];
  await using _ = await connectViaGateway({
    ...{ host, port, username, privateKeyPath: file },
    hostKey: { fingerprint: hostKey.fingerprint },
    log: (record) => records.push(record),
  });
  const told = records.filter(({ event }) => event === 'key-file-open');
  expect(told).toHaveLength(times);
  for (const record of told) {
    expect(record).toMatchObject({ level: 'warn', host, port, message: expect.stringContaining(file) });
  }
});
