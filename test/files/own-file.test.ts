import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readOwnFile, smallFile } from '../../src/files/own-file.ts';
import { connectViaGateway, fromSshConfig, loadCustomers } from '../../src/index.ts';
import { startMockServer } from '../../src/mock-server/index.ts';
import { run } from '../cli/run.ts';
import { nodeKey } from '../support/private-keys.ts';

let folder: string;
const unusual = { pipe: '', huge: '', folder: '', endless: '/dev/zero' };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'svg-own-file-'));
  for (const name of ['pipe', 'huge', 'folder'] as const) unusual[name] = join(folder, name);
  execFileSync('mkfifo', [unusual.pipe]);
  await mkdir(unusual.folder);
  await writeFile(unusual.huge, '');
  await truncate(unusual.huge, 2 * 1024 ** 3);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const said = {
  pipe: /a pipe, and nothing was written into it for 10 s/,
  huge: /is larger than \d+ bytes/,
  folder: /EISDIR/,
  endless: /is larger than \d+ bytes/,
};
type Kind = keyof typeof said;

/** What reads a file that somebody named. */
const readers: Record<string, (file: string) => Promise<unknown>> = {
  privateKeyPath: (privateKeyPath) => connectTo({ privateKeyPath }),
  certificatePath: (certificatePath) => connectTo({ privateKey: pem, certificatePath }),
  fromSshConfig: (file) => fromSshConfig('pc', { file }),
  IdentityFile: async (file) => {
    const config = join(folder, `config-${Math.random()}`);
    await writeFile(
      config,
      `Host pc\n  HostName 127.0.0.1\n  User u\n  IdentityAgent none\n  IdentityFile ${file}\n`,
    );
    const { privateKeyPath } = await fromSshConfig('pc', { file: config });
    return connectTo({ privateKeyPath });
  },
  '--password-file': async (file) => {
    const { stderr } = await run([
      'exec',
      'u@127.0.0.1:1',
      '--ssh-config',
      'none',
      '--password-file',
      file,
      '--',
      'true',
    ]);
    throw new Error(stderr);
  },
};
const pem = nodeKey('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;

function connectTo(options: object): Promise<unknown> {
  return connectViaGateway({
    ...{ host: '127.0.0.1', port: 1, username: 'u', hostKey: 'insecure-accept-any', retry: false },
    ...options,
  });
}

const cases = Object.keys(readers).flatMap((reader) =>
  Object.keys(said).map((kind) => [reader, kind as Kind] as const),
);

describe.concurrent('a local file of the wrong kind', () => {
  it.each(cases)(
    '%s: %s',
    async (reader, kind) => {
      const before = process.memoryUsage().rss;
      const error = (await readers[reader]!(unusual[kind]).then(
        () => undefined,
        (e) => e,
      )) as Error;
      expect(error.message).toMatch(said[kind]);
      expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
    },
    30_000,
  );

  it('customers file: a pipe, a folder', async () => {
    await expect(loadCustomers(unusual.pipe)).rejects.toThrow(said.pipe);
    await expect(loadCustomers(unusual.folder)).rejects.toThrow(said.folder);
  }, 30_000);
});

describe('a pipe', () => {
  it('is read to its end, however slowly it is written', async () => {
    const late = join(folder, 'late');
    execFileSync('mkfifo', [late]);
    const reading = readOwnFile(late);
    const writer = execFile('sh', [
      '-c',
      'sleep 0.3; { printf one; sleep 0.3; printf two; } > "$1"',
      'sh',
      late,
    ]);
    await once(writer, 'exit');
    expect((await reading).toString()).toBe('onetwo');
  });

  it('may contain the key, as with <(command)', async () => {
    await using server = await startMockServer();
    const pipe = join(folder, 'key');
    execFileSync('mkfifo', [pipe]);
    execFile('sh', ['-c', 'printf "%s" "$1" > "$2"', 'sh', pem, pipe]);
    const { host, port, username } = server;
    const refused = connectViaGateway({
      ...{ host, port, username, privateKeyPath: pipe, hostKey: 'insecure-accept-any', retry: false },
    });
    await expect(refused).rejects.toMatchObject({ code: 'SSH_AUTHENTICATION_FAILED' });
  });
});

it('reads a file of exactly the allowed size', async () => {
  const file = join(folder, 'just');
  const handle = await open(file, 'w');
  await handle.truncate(smallFile);
  await handle.close();
  expect(await readOwnFile(file)).toHaveLength(smallFile);
  await truncate(file, smallFile + 1);
  await expect(readOwnFile(file)).rejects.toMatchObject({ code: 'EFBIG' });
  expect(await readOwnFile('/dev/null')).toHaveLength(0);
});
