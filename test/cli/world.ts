import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MockServer, type MockServerOptions, startMockServer } from '../../src/mock-server/index.ts';
import { addressOf, flagsFor, type Running, type RunOptions, run } from './run.ts';

/** A mock server, a folder with its key, and the program pointed at it. */
export interface CliWorld extends AsyncDisposable {
  readonly server: MockServer;
  readonly folder: string;
  readonly identity: string;
  /** `host:port` of the server. */
  readonly address: string;
  /** Options that log in. */
  readonly flags: readonly string[];
  /** Runs a command with the options that log in, before what is given. */
  run(command: string, args: readonly string[], options?: RunOptions): Running;
}

export async function startWorld(options: MockServerOptions = {}): Promise<CliWorld> {
  const server = await startMockServer(options);
  const folder = await mkdtemp(join(tmpdir(), 'ssh-via-gateway-cli-'));
  const identity = join(folder, 'id');
  await writeFile(identity, server.clientKey.privateKey);
  await chmod(identity, 0o600);
  const flags = flagsFor(server, identity);
  return {
    ...{ server, folder, identity, flags, address: addressOf(server) },
    run: (command, args, runOptions) => run([command, ...flags, ...args], runOptions),
    async [Symbol.asyncDispose]() {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
