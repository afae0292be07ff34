import { connect as connectSocket } from 'node:net';
import { promisify } from 'node:util';
import ssh2, { type Client, type ClientChannel, type SFTPWrapper } from 'ssh2';
import type { Contender, Target } from '../support/types.ts';

/** ssh2 as its own documentation uses it; `noDelay` adds the one thing that its documentation does not tell. */
function plain(name: string, noDelay: boolean): Contender {
  const connect = (target: Target) => open(target, noDelay);
  const withSftp = async (target: Target, work: (sftp: SFTPWrapper) => Promise<void>) => {
    const client = await connect(target);
    try {
      await work(await promisify(client.sftp.bind(client) as (done: SftpDone) => void)());
    } finally {
      client.end();
    }
  };
  return {
    name,
    async connectAndRun(target) {
      const client = await connect(target);
      await run(client, 'true');
      return () => client.end();
    },
    async openExec(target) {
      const client = await connect(target);
      return { run: (command) => run(client, command), close: () => void client.end() };
    },
    put: (target, local, remote) =>
      withSftp(target, (sftp) => promisify(sftp.fastPut.bind(sftp))(local, remote)),
    get: (target, remote, local) =>
      withSftp(target, (sftp) => promisify(sftp.fastGet.bind(sftp))(remote, local)),
    async readOutput(target, command) {
      const client = await connect(target);
      let bytes = 0;
      const channel = await exec(client, command);
      channel.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      await new Promise((resolve) => channel.on('close', resolve));
      client.end();
      return bytes;
    },
    async writeInput(target, command, bytes) {
      const client = await connect(target);
      const channel = await exec(client, command);
      channel.resume();
      const chunk = Buffer.alloc(1 << 20);
      for (let sent = 0; sent < bytes; sent += chunk.length) {
        if (!channel.write(chunk)) await new Promise((resolve) => channel.once('drain', resolve));
      }
      channel.end();
      await new Promise((resolve) => channel.on('close', resolve));
      client.end();
    },
    async hold(target) {
      const client = await connect(target);
      return { close: () => void client.end() };
    },
  };
}

type SftpDone = (error: Error | undefined, sftp: SFTPWrapper) => void;

function open({ host, port, username, privateKey }: Target, noDelay: boolean): Promise<Client> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    client.on('error', reject);
    client.on('ready', () => resolve(client));
    const config = { username, privateKey };
    client.connect(
      noDelay ? { ...config, sock: connectSocket({ host, port, noDelay }) } : { ...config, host, port },
    );
  });
}

function exec(client: Client, command: string): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => (error ? reject(error) : resolve(channel)));
  });
}

async function run(client: Client, command: string): Promise<void> {
  const channel = await exec(client, command);
  channel.resume();
  channel.stderr.resume();
  await new Promise((resolve) => channel.on('close', resolve));
}

export const plainSsh2 = plain('ssh2', false);
export const ssh2NoDelay = plain('ssh2 no-delay', true);
