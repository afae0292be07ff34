import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';
import type { TextRunJobOptions } from '../../src/job/run/run-types.ts';
import { type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import type { ConnectOptions } from '../../src/options/types.ts';
import { runJob } from '../../src/run-job.ts';
import { optionsFor } from '../support/connect.ts';
import { type CutRelay, startCutRelay } from '../support/cut-relay.ts';
import { type LocalAccount, localAccount } from '../support/local-job-host.ts';
import { mockWindows } from '../support/mock-sftp.ts';

/**
 * Real connections through a relay that can be cut, to a server that runs the real scripts in the real sh. With
 * MOCK_WINDOWS the server is Windows and keeps the jobs itself; it is their commands that run in sh.
 */
export function jobServer() {
  let account: LocalAccount;
  let server: MockServer;
  let relay: CutRelay;
  beforeEach(async () => {
    account = await localAccount({ obedient: mockWindows !== undefined });
    const { handler: exec } = account;
    server = await startMockServer(
      mockWindows ? { windows: { version: mockWindows }, exec } : { jobs: false, exec },
    );
    relay = await startCutRelay(server);
  });
  afterEach(async () => {
    await relay[Symbol.asyncDispose]();
    await server.close();
    await account[Symbol.asyncDispose]();
  });
  const options = (changes: Partial<ConnectOptions> = {}) =>
    optionsFor(server, {
      ...{ host: relay.host, port: relay.port, retry: { attempts: 5, minDelay: 20, maxDelay: 100 } },
      ...changes,
    });
  return {
    get account() {
      return account;
    },
    get server() {
      return server;
    },
    get relay() {
      return relay;
    },
    /** A relay in place of one that was closed. */
    async renewRelay() {
      relay = await startCutRelay(server);
    },
    options,
    run: (command: string | string[], changes: Partial<TextRunJobOptions> = {}) =>
      runJob(options(), command, { id: 'job', pollInterval: 250, shell: 'posix', ...changes }),
    /** How often a command with `echo ran >>ran` has run. */
    timesRun: async () => (await readFile(join(account.home, 'ran'), 'utf8')).split('\n').length - 1,
    /** What a command has written into a file at home, as soon as there is something. */
    written: (name: string) =>
      vi.waitFor(
        async () => {
          const text = await readFile(join(account.home, name), 'utf8');
          if (text === '') throw new Error(`${name} is empty yet`);
          return text;
        },
        { timeout: 10_000 },
      ),
  };
}
