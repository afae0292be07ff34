import { mkdir, readdir } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import { promisify } from 'node:util';
import ssh2, { type Client, type ClientChannel, type SFTPWrapper } from 'ssh2';
import type { Contender, Target } from '../support/types.ts';
import { movingFiles } from './files.ts';
import { execSession, inLanes } from './lanes.ts';
import { collecting, counting, pour } from './stream.ts';

/** How many files are on their way at once in the loop that a user of plain ssh2 would write for a folder. */
const filesAtOnce = 16;

/** ssh2 as its own documentation uses it; `noDelay` adds the one thing that its documentation does not mention. */
function plain(name: string, noDelay: boolean): Contender {
  const connect = (target: Target) => open(target, noDelay);
  const fastPut = (sftp: SFTPWrapper, local: string, remote: string) =>
    call<void>((done) => sftp.fastPut(local, remote, done));
  const fastGet = (sftp: SFTPWrapper, remote: string, local: string) =>
    call<void>((done) => sftp.fastGet(remote, local, done));
  return {
    name,
    async connectAndRun(target) {
      const client = await connect(target);
      await run(client, 'true');
      return () => client.end();
    },
    async openExec(target) {
      const client = await connect(target);
      return execSession(
        (command) => run(client, command),
        () => client.end(),
      );
    },
    ...movingFiles(async (target) => {
      const client = await connect(target);
      const open = () => call<SFTPWrapper>((done) => client.sftp(done));
      return {
        put: async (local, remote) => fastPut(await open(), local, remote),
        get: async (remote, local) => fastGet(await open(), remote, local),
        async putFolder(local, remote) {
          const sftp = await open();
          await call<void>((done) => sftp.mkdir(remote, done));
          const names = await readdir(local);
          await eachOf(names, (file) => fastPut(sftp, `${local}/${file}`, `${remote}/${file}`));
        },
        async getFolder(remote, local) {
          const sftp = await open();
          await mkdir(local);
          const names = await promisify(sftp.readdir.bind(sftp))(remote);
          await eachOf(names, ({ filename }) =>
            fastGet(sftp, `${remote}/${filename}`, `${local}/${filename}`),
          );
        },
        close: () => client.end(),
      };
    }),
    async readOutput(target, command) {
      const client = await connect(target);
      const channel = await exec(client, command);
      const count = counting(channel);
      await closed(channel);
      client.end();
      return count;
    },
    async writeInput(target, command, bytes) {
      const client = await connect(target);
      const channel = await exec(client, command);
      const printed = collecting(channel);
      const end = closed(channel);
      await pour(channel, bytes);
      await end;
      client.end();
      return { bytes: Number(printed.text) };
    },
    async hold(target) {
      // As often as ours by default: nobody holds a connection for long without keepalives.
      const client = await open(target, noDelay, { keepaliveInterval: 30_000 });
      return { close: () => client.end() };
    },
  };
}

function eachOf<T>(list: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  return inLanes(list.length, filesAtOnce, (n) => work(list[n] as T));
}

type Done<T> = (error: Error | null | undefined, value: T) => void;

function call<T>(start: (done: Done<T>) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => (error ? reject(error) : resolve(value)));
  });
}

function open(
  { host, port, username, privateKey }: Target,
  noDelay: boolean,
  settings: { keepaliveInterval?: number } = {},
): Promise<Client> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    client.on('error', reject);
    client.on('ready', () => resolve(client));
    const config = { username, privateKey, ...settings };
    client.connect(
      noDelay ? { ...config, sock: connectSocket({ host, port, noDelay }) } : { ...config, host, port },
    );
  });
}

function exec(client: Client, command: string): Promise<ClientChannel> {
  return call<ClientChannel>((done) => client.exec(command, done));
}

function closed(channel: ClientChannel): Promise<void> {
  return new Promise((resolve) => channel.on('close', () => resolve()));
}

async function run(client: Client, command: string): Promise<void> {
  const channel = await exec(client, command);
  channel.resume();
  channel.stderr.resume();
  await closed(channel);
}

export const plainSsh2 = plain('ssh2', false);
export const ssh2NoDelay = plain('ssh2 no-delay', true);
