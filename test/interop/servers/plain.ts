import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Client, type ClientChannel, type SFTPWrapper } from 'ssh2';
import { expect } from 'vitest';
import { type CheckName, korean, large, small } from './checks.ts';

/** What plain ssh2 works with. */
export interface PlainWorld {
  connect(by: 'password' | 'key', keepaliveInterval?: number): Promise<Client>;
  there(name: string): string;
  stored(name: string): string;
  here: string;
}

/** Calls a method of ssh2 that ends with a callback; an error, or silence, rejects. */
function call<T = void>(start: (done: (error?: Error | null, value?: T) => void) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer')), 5_000);
    start((error, value) => {
      clearTimeout(timer);
      if (error) reject(error);
      else resolve(value as T);
    });
  });
}

async function withClient<T>(
  world: PlainWorld,
  work: (client: Client) => Promise<T>,
  by: 'password' | 'key' = 'key',
) {
  const client = await world.connect(by, 100);
  try {
    return await work(client);
  } finally {
    client.end();
  }
}

async function output(client: Client, command: string, stdin: Uint8Array = Buffer.alloc(0)) {
  const channel = await call<ClientChannel>((done) => client.exec(command, done));
  const all: { out: Buffer[]; err: Buffer[] } = { out: [], err: [] };
  channel.on('data', (chunk: Buffer) => all.out.push(chunk));
  channel.stderr.on('data', (chunk: Buffer) => all.err.push(chunk));
  let code: unknown;
  channel.on('exit', (value: unknown) => {
    code = value;
  });
  channel.end(stdin);
  await once(channel, 'close', { signal: AbortSignal.timeout(5_000) });
  return { code, out: Buffer.concat(all.out), err: Buffer.concat(all.err) };
}

type Plain = (world: PlainWorld) => Promise<void>;

const command =
  (text: string, holds: (found: Awaited<ReturnType<typeof output>>) => boolean, stdin?: Uint8Array): Plain =>
  (world) =>
    withClient(world, async (client) => expect(holds(await output(client, text, stdin))).toBe(true));

const files =
  (work: (sftp: SFTPWrapper, world: PlainWorld) => Promise<void>): Plain =>
  (world) =>
    withClient(world, async (client) => work(await call<SFTPWrapper>((done) => client.sftp(done)), world));

const send = (name: string, content: Buffer): Plain =>
  files(async (sftp, { there, stored, here }) => {
    await writeFile(join(here, 'plain'), content);
    await call((done) => sftp.fastPut(join(here, 'plain'), there(name), done));
    expect((await readFile(stored(name))).equals(content)).toBe(true);
  });

const write = (sftp: SFTPWrapper, path: string, content: Buffer) =>
  call((done) => sftp.writeFile(path, content, done));

/** The same as ours, as plain ssh2 would be asked for it: what it cannot do either, the server cannot. */
export const plain: Record<CheckName, Plain> = {
  password: (world) => withClient(world, async () => {}, 'password'),
  key: (world) => withClient(world, async () => {}),
  'exit code': command('exit 7', ({ code }) => code === 7),
  'stdout and stderr': command('echo out; echo err >&2', ({ out, err }) => `${out}${err}` === 'out\nerr\n'),
  stdin: command('wc -c', ({ out }) => `${out}`.trim() === '300000', Buffer.alloc(300_000)),
  'big output': command('head -c 5000000 /dev/zero', ({ out }) => out.length === 5_000_000),
  'two commands': (world) =>
    withClient(world, async (client) => {
      const both = await Promise.all(['a', 'b'].map((word) => output(client, `sleep 0.2; echo ${word}`)));
      expect(both.map(({ out }) => `${out}`)).toEqual(['a\n', 'b\n']);
    }),
  abort: (world) =>
    withClient(world, async (client) => {
      const channel = await call<ClientChannel>((done) => client.exec('sleep 20', done));
      channel.close();
      expect(`${(await output(client, 'echo on')).out}`).toBe('on\n');
    }),
  'upload, small': send('plain-small', small),
  'upload, large': send('plain-large', large),
  'upload, empty': send('plain-empty', Buffer.alloc(0)),
  'upload, Korean': send(`plain-${korean}`, small),
  download: files(async (sftp, { there, stored, here }) => {
    await writeFile(stored('plain-source'), large, { mode: 0o666 });
    await call((done) => sftp.fastGet(there('plain-source'), join(here, 'plain-fetched'), done));
    expect((await readFile(join(here, 'plain-fetched'))).equals(large)).toBe(true);
  }),
  'list and stat': files(async (sftp, { there }) => {
    await call((done) => sftp.mkdir(there('plain-listed'), done));
    await write(sftp, there(`plain-listed/${korean}`), small);
    const names = await call<{ filename: string }[]>((done) => sftp.readdir(there('plain-listed'), done));
    expect(names.map(({ filename }) => filename).filter((name) => !/^\.\.?$/.test(name))).toEqual([korean]);
    expect(
      (await call<{ size: number }>((done) => sftp.stat(there(`plain-listed/${korean}`), done))).size,
    ).toBe(5);
  }),
  rename: files(async (sftp, { there }) => {
    await write(sftp, there('plain-from'), small);
    await call((done) => sftp.rename(there('plain-from'), there('plain-to'), done));
  }),
  'mkdir and rmdir': files(async (sftp, { there }) => {
    await call((done) => sftp.mkdir(there('plain-made'), done));
    await call((done) => sftp.rmdir(there('plain-made'), done));
  }),
  remove: files(async (sftp, { there }) => {
    await write(sftp, there('plain-gone'), small);
    await call((done) => sftp.unlink(there('plain-gone'), done));
  }),
  // A command beside it compares what is there.
  resume: (world) =>
    withClient(world, async (client) => {
      const sftp = await call<SFTPWrapper>((done) => client.sftp(done));
      const path = world.there('plain-resumed');
      await write(sftp, path, small);
      await output(client, `sha256sum '${path}'`);
      await call((done) => sftp.stat(path, (error) => done(error)));
    }),
  folder: files(async (sftp, { there }) => {
    await call((done) => sftp.mkdir(there('plain-folder'), done));
    await write(sftp, there(`plain-folder/${korean}`), small);
    await call<unknown>((done) => sftp.readdir(there('plain-folder'), done));
  }),
  'readFile, writeFile': files(async (sftp, { there }) => {
    await write(sftp, there('plain-whole'), large.subarray(0, 500_000));
    const found = await call<Buffer>((done) => sftp.readFile(there('plain-whole'), done));
    expect(found.equals(large.subarray(0, 500_000))).toBe(true);
  }),
  forward: (world) =>
    withClient(world, async (client) => {
      const echo = createServer((socket) => socket.on('error', () => {}).pipe(socket));
      await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
      try {
        const { port } = echo.address() as { port: number };
        const stream = await call<ClientChannel>((done) =>
          client.forwardOut('127.0.0.1', 1, '127.0.0.1', port, done),
        );
        stream.end(small);
        expect(Buffer.concat(await stream.toArray({ signal: AbortSignal.timeout(3_000) }))).toEqual(small);
      } finally {
        echo.close();
      }
    }),
  'keepalive and rekeying': files(async (sftp, { there, here }) => {
    await new Promise((resolve) => setTimeout(resolve, 600));
    await writeFile(join(here, 'plain-kept'), large);
    await call((done) => sftp.fastPut(join(here, 'plain-kept'), there('plain-kept'), done));
  }),
};

/** A client that is logged in, by ssh2's own defaults. */
export async function plainClient(options: Parameters<Client['connect']>[0]): Promise<Client> {
  const client = new Client();
  await call((done) => {
    client.on('error', done);
    client.once('ready', () => done());
    client.connect({ ...options, readyTimeout: 5_000 });
  });
  return client;
}
