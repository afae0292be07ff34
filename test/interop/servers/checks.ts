import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Connection } from '../../../src/index.ts';

/** What a check works with. */
export interface World {
  connection: Connection;
  /** A new connection that logs in so. */
  connect(by: 'password' | 'key', keepalive?: { interval: number; countMax: number }): Promise<Connection>;
  /** The same path on the server and here; the server's own folder may have another name there. */
  there(name: string): string;
  /** Where the file is really. */
  stored(name: string): string;
  /** A folder for local files. */
  here: string;
}

type Check = (world: World) => Promise<void>;

export const large = Buffer.alloc(6_000_001, 'the content of a large file ');
export const small = Buffer.from('small');
export const korean = '송장 2026년 11월.json';

const signed = async (world: World, by: 'password' | 'key') => {
  await using connection = await world.connect(by);
  expect(connection.serverVersion).toMatch(/\S/);
};

const sendAndSee = (name: string, content: Buffer) => async (world: World) => {
  await world.connection.upload(content, world.there(name));
  expect((await readFile(world.stored(name))).equals(content)).toBe(true);
};

/** What every server is asked to do. */
export const checks = {
  password: (world) => signed(world, 'password'),
  key: (world) => signed(world, 'key'),
  'exit code': async ({ connection }) => {
    expect((await connection.exec('exit 7', { reject: false })).exitCode).toBe(7);
  },
  'stdout and stderr': async ({ connection }) => {
    expect(await connection.exec('echo out; echo err >&2', { reject: false })).toMatchObject({
      stdout: 'out\n',
      stderr: 'err\n',
    });
  },
  stdin: async ({ connection }) => {
    const { stdout } = await connection.exec('wc -c', { stdin: Buffer.alloc(300_000, 'x') });
    expect(stdout.trim()).toBe('300000');
  },
  'big output': async ({ connection }) => {
    const { stdout } = await connection.exec('head -c 5000000 /dev/zero', { encoding: 'buffer' });
    expect(stdout.length).toBe(5_000_000);
  },
  'two commands': async ({ connection }) => {
    const both = await Promise.all(['a', 'b'].map((word) => connection.exec(`sleep 0.2; echo ${word}`)));
    expect(both.map(({ stdout }) => stdout)).toEqual(['a\n', 'b\n']);
  },
  abort: async ({ connection }) => {
    const stop = new AbortController();
    const reason = new Error('no longer wanted');
    const command = connection.exec('echo begun; sleep 20', {
      signal: stop.signal,
      onStdout: () => stop.abort(reason),
    });
    await expect(command).rejects.toBe(reason);
    // dropbear closes a session that begins while the killed command ends.
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await connection.exec('echo on', { reject: false })).stdout).toBe('on\n');
  },
  'upload, small': sendAndSee('small', small),
  'upload, large': sendAndSee('large', large),
  'upload, empty': sendAndSee('empty', Buffer.alloc(0)),
  'upload, Korean': sendAndSee(korean, small),
  download: async ({ connection, there, stored, here }) => {
    await writeFile(stored('source'), large, { mode: 0o666 });
    await connection.download(there('source'), join(here, 'fetched'));
    expect((await readFile(join(here, 'fetched'))).equals(large)).toBe(true);
  },
  'list and stat': async ({ connection, there, stored }) => {
    await mkdir(stored('listed'), { recursive: true });
    for (const name of [korean, 'b']) await writeFile(join(stored('listed'), name), small);
    await using sftp = await connection.sftp();
    const entries = await sftp.list(there('listed'));
    expect(entries.map(({ name, type, size }) => [name, type, size])).toEqual([
      ['b', 'file', small.length],
      [korean, 'file', small.length],
    ]);
    expect(await sftp.stat(there('listed'))).toMatchObject({ type: 'directory' });
    expect(await sftp.exists(there('listed/c'))).toBe(false);
  },
  rename: async ({ connection, there, stored }) => {
    await using sftp = await connection.sftp();
    await sftp.writeFile(there('from'), small);
    await sftp.writeFile(there('to'), 'old');
    await sftp.rename(there('from'), there('to'));
    expect((await readFile(stored('to'))).equals(small)).toBe(true);
    expect(await sftp.exists(there('from'))).toBe(false);
  },
  'mkdir and rmdir': async ({ connection, there }) => {
    await using sftp = await connection.sftp();
    await sftp.mkdir(there('made/below'), { recursive: true });
    await sftp.remove(there('made/below'));
    await sftp.remove(there('made'));
    expect(await sftp.exists(there('made'))).toBe(false);
  },
  remove: async ({ connection, there }) => {
    await using sftp = await connection.sftp();
    await sftp.mkdir(there('gone/below'), { recursive: true });
    await sftp.writeFile(there('gone/below/file'), small);
    await sftp.remove(there('gone'), { recursive: true });
    expect(await sftp.exists(there('gone'))).toBe(false);
  },
  resume: async (world) => {
    const { there, stored } = world;
    const stop = new AbortController();
    const onProgress = ({ transferred }: { transferred: number }) => {
      if (transferred > 500_000) stop.abort();
    };
    await using first = await world.connect('key');
    const options = { resume: true, signal: stop.signal, onProgress };
    await first.upload(large, there('resumed'), options).catch(() => {});
    await first.close();
    await world.connection.upload(large, there('resumed'), { resume: true });
    expect((await readFile(stored('resumed'))).equals(large)).toBe(true);
  },
  folder: async ({ connection, connect, there, here }) => {
    await mkdir(join(here, 'folder/below'), { recursive: true });
    const names = ['a', korean, 'below/b', 'below/c'];
    for (const name of names) await writeFile(join(here, 'folder', name), `${name} ${'x'.repeat(40_000)}`);
    const up = await connection.upload(join(here, 'folder'), there('folder'));
    await using second = await connect('key');
    const down = await second.download(there('folder'), join(here, 'back'));
    expect([up.files, down.files]).toEqual([4, 4]);
    for (const name of names)
      expect(await readFile(join(here, 'back', name))).toEqual(await readFile(join(here, 'folder', name)));
  },
  'readFile, writeFile': async ({ connection, there }) => {
    await using sftp = await connection.sftp();
    await sftp.writeFile(there('whole'), large.subarray(0, 500_000));
    expect((await sftp.readFile(there('whole'))).equals(large.subarray(0, 500_000))).toBe(true);
  },
  forward: async ({ connection }) => {
    const echo = createServer((socket) => socket.on('error', () => {}).pipe(socket));
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    try {
      const stream = await connection.openStream('127.0.0.1', (echo.address() as { port: number }).port);
      stream.end(small);
      expect(Buffer.concat(await stream.toArray({ signal: AbortSignal.timeout(3_000) }))).toEqual(small);
    } finally {
      echo.close();
    }
  },
  'keepalive and rekeying': async (world) => {
    await using connection = await world.connect('key', { interval: 100, countMax: 2 });
    await new Promise((resolve) => setTimeout(resolve, 600));
    await connection.upload(large, world.there('kept'));
    expect((await readFile(world.stored('kept'))).equals(large)).toBe(true);
  },
} satisfies Record<string, Check>;

export type CheckName = keyof typeof checks;
