import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import ssh2Package, { type Client, type Server } from 'ssh2';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Connection } from '../../src/connection.ts';
import { startMockGateway, startMockServer } from '../../src/mock-server/index.ts';
import { serverInsides } from '../../src/mock-server/wire/insides.ts';
import { switchedOff as serversLack } from '../../src/mock-server/wire/look.ts';
import { ssh2 } from '../../src/ssh2/insides/client-parts.ts';
import type { Inside } from '../../src/ssh2/insides/registry/inside.ts';
import { lookInside, serves, switchedOff } from '../../src/ssh2/insides/registry/look.ts';
import { files, type InsideName, insides } from '../../src/ssh2/insides/registry/registry.ts';
import { login, logout, watchHandles } from '../mock-server/support.ts';
import { connectTo } from '../support/connect.ts';

const { Server: ssh2Server } = ssh2Package;
const root = resolve(import.meta.dirname, '../..');
const rows = Object.entries(insides) as Array<[InsideName, Inside]>;
const namesOf = (need: Inside['need']) => rows.filter(([, row]) => row.need === need).map(([name]) => name);

afterEach(() => {
  switchedOff.clear();
  serversLack.clear();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe('the insides of ssh2', () => {
  it('are all there', async () => {
    await using server = await startMockServer();
    const client = await login(server);
    lookInside(client);
    expect(rows.filter(([name]) => !serves(client, name))).toEqual([]);
    await logout(client);
  });

  it.each(namesOf('safety'))('fail a connect with a clear error if a safety is missing: %s', async (name) => {
    switchedOff.add(name);
    await using server = await startMockServer();
    await expect(connectTo(server)).rejects.toMatchObject({
      code: 'SSH_HANDSHAKE_FAILED',
      retryable: false,
      reason: expect.stringContaining(`without: ${name}.`),
    });
    expect(server.journal.some(({ type }) => type === 'auth')).toBe(false);
  });

  it.each(namesOf('speed'))('may lack a member for speed, and everything works: %s', async (name) => {
    switchedOff.add(name);
    await using server = await startMockServer();
    await using connection = await connectTo(server);
    await useAll(connection);
  });

  it('may lack all members for speed, and everything works', async () => {
    for (const name of namesOf('speed')) switchedOff.add(name);
    await using server = await startMockServer();
    await using connection = await connectTo(server);
    await useAll(connection);
  });

  it.each(['_protocol._handlers.CHANNEL_DATA', '_protocol._destruct', '_forwarding'])(
    'are checked at each connect, which fails without %s',
    async (path) => {
      await using server = await startMockServer();
      removeAfterConnect(path);
      await expect(connectTo(server)).rejects.toMatchObject({
        code: 'SSH_HANDSHAKE_FAILED',
        retryable: false,
      });
    },
  );

  it('are optional if they only serve speed, as one line of debug output says', async () => {
    await using server = await startMockServer();
    removeAfterConnect('_protocol.ping');
    const lines: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
    vi.stubEnv('DEBUG', 'ssh-via-gateway:connect');
    createRequire(import.meta.url)('debug').enable('ssh-via-gateway:connect');
    await using connection = await connectTo(server, { keepalive: false });
    vi.mocked(process.stderr.write).mockRestore();
    expect(lines.filter((line) => line.includes('the internals of this ssh2 have changed'))).toEqual([
      expect.stringMatching(/: ping\s*$/),
    ]);
    await useAll(connection);
  });
});

describe("the mock server's insides of ssh2", () => {
  it.each(Object.keys(serverInsides))('prevent the start of a server if one is missing: %s', async (name) => {
    serversLack.add(name);
    const words = `would not handle: ${name}. Install the version`;
    await expect(startMockServer()).rejects.toThrow(words);
    await expect(startMockGateway()).rejects.toThrow(words);
    // Whoever starts one in spite of wrong options is told of those first.
    await expect(startMockServer({ port: -1 })).rejects.toThrow(RangeError);
  });

  it.each(membersOf(serverInsides))('are checked at each start, which fails without %s', async (path) => {
    const leftBehind = await watchHandles();
    removeFromServer(path);
    await expect(startMockServer()).rejects.toThrow('the internals of this version of ssh2 have changed');
    vi.restoreAllMocks();
    expect(await leftBehind()).toEqual([]);
    await using server = await startMockServer();
    await logout(await login(server));
  });
});

/** A command, some at once, a file there and back, a forward. */
async function useAll(connection: Connection): Promise<void> {
  expect((await connection.exec('echo one')).stdout).toBe('one\n');
  const many = Array.from({ length: 8 }, (_, n) => connection.exec(`echo ${n}`));
  expect((await Promise.all(many)).map(({ stdout }) => stdout)).toEqual(many.map((_, n) => `${n}\n`));
  await connection.upload(Buffer.alloc(100_000, 'x'), '/file');
  const sftp = await connection.sftp();
  expect(await sftp.readFile('/file')).toHaveLength(100_000);
  await using forward = await connection.forwardRemote({ listenPort: 0, host: '127.0.0.1', port: 1 });
  expect(forward.port).toBeGreaterThan(0);
}

/** Takes a member away from each client as soon as ssh2 has made its parts. */
function removeAfterConnect(path: string): void {
  const { connect } = ssh2.Client.prototype;
  vi.spyOn(ssh2.Client.prototype, 'connect').mockImplementation(function (this: Client, options) {
    const result = connect.call(this, options);
    remove(this, path);
    return result;
  });
}

const membersOf = (table: Readonly<Record<string, Inside>>) => [
  ...new Set(Object.values(table).flatMap(({ members }) => Object.keys(members))),
];

/** Takes a member away from the next connection of a server, before its listeners hear of it. */
function removeFromServer(path: string): void {
  const { injectSocket } = ssh2Server.prototype;
  vi.spyOn(ssh2Server.prototype, 'injectSocket').mockImplementation(function (this: Server, socket) {
    this.prependOnceListener('connection', (client) => remove(client, path));
    injectSocket.call(this, socket);
  });
}

function remove(from: object, path: string): void {
  const names = path.split('.');
  const last = names.pop() as string;
  let owner = from as Record<string, unknown>;
  for (const name of names) owner = owner[name] as Record<string, unknown>;
  owner[last] = undefined;
}

/** The names of private members in a file, without comments and parameters that are not used. */
function privateNames(file: string): string[] {
  const code = readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
  const used = code.replace(/\([^()]*\) =>/g, '=>');
  return [...used.matchAll(/(?<![\w#'-])_[a-z]\w+/gi)].map(([name]) => name);
}

const sourcesIn = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file));

describe('the registry', () => {
  /** Methods of Node's streams that our own streams have. */
  const ofNode = ['_read', '_write', '_writev', '_final', '_destroy'];
  const listed = (table: Readonly<Record<string, Inside>>) =>
    Object.values(table).flatMap(({ members, replaced = [], later = [] }) =>
      [...Object.keys(members), ...replaced, ...later].flatMap((path) => path.match(/_\w+/g) ?? []),
    );

  it('lists each private member that src/ssh2 uses', () => {
    const used = sourcesIn('src/ssh2/insides').flatMap(privateNames);
    expect(used.length).toBeGreaterThan(40);
    expect([...new Set(used)].filter((name) => !listed(insides).includes(name))).toEqual([]);
  });

  it('lists each private member that the mock server uses', () => {
    const used = privateNames('src/mock-server/wire/ssh2-internals.ts');
    expect([...new Set(used)].filter((name) => !listed(serverInsides).includes(name))).toEqual([]);
  });

  it('covers all private members: no other folder uses any', () => {
    const others = sourcesIn('src/ssh2').filter((file) => !file.includes('insides'));
    const found = others.flatMap((file) => privateNames(file).map((name) => ({ file, name })));
    // `_` before a parameter says that it is not used.
    const accessed = found.filter(({ file, name }) => {
      if (ofNode.includes(name)) return false;
      return new RegExp(`[.'"]${name}\\b`).test(readFileSync(join(root, file), 'utf8'));
    });
    expect(accessed).toEqual([]);
  });

  it('names a test for each, and the benefit of each that is not a safety', () => {
    const all = [...rows, ...Object.entries(serverInsides)];
    expect(all.filter(([, { test }]) => !existsSync(join(root, test)))).toEqual([]);
    expect(rows.filter(([, { need, figure }]) => need === 'speed' && !figure)).toEqual([]);
  });

  it('matches docs/internals/ssh2.md', async () => {
    const { pageOf } = await import('../../scripts/ssh2-insides.mjs');
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const page = pageOf(insides, files, serverInsides, dependencies.ssh2);
    expect(readFileSync(join(root, 'docs/internals/ssh2.md'), 'utf8')).toBe(page);
    expect(dependencies.ssh2).toMatch(/^\d+\.\d+\.\d+$/);
  });
});
