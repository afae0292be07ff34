import { type Connection, connectViaGateway } from 'ssh-via-gateway';
import { type Close, type Contender, ours as name, type Target } from '../support/types.ts';
import { movingFiles } from './files.ts';
import { execSession } from './lanes.ts';
import { counting, pour } from './stream.ts';

function connect(target: Target): Promise<Connection> {
  const { host, port, username, privateKey, hostPublicKey } = target;
  return connectViaGateway({
    host,
    port,
    username,
    privateKey,
    retry: false,
    hostKey: { key: hostPublicKey },
  });
}

async function after(target: Target, work: (connection: Connection) => Promise<unknown>): Promise<Close> {
  const connection = await connect(target);
  await work(connection);
  return () => connection.close();
}

export const ours: Contender = {
  name,
  connectAndRun: (target) => after(target, (connection) => connection.exec('true')),
  async openExec(target) {
    const connection = await connect(target);
    return execSession(
      (command) => connection.exec(command),
      () => connection.close(),
    );
  },
  ...movingFiles(async (target) => {
    const connection = await connect(target);
    return {
      put: (local, remote) => connection.upload(local, remote),
      get: (remote, local) => connection.download(remote, local),
      putFolder: (local, remote) => connection.upload(local, remote),
      getFolder: (remote, local) => connection.download(remote, local),
      close: () => connection.close(),
    };
  }),
  async readOutput(target, command) {
    await using connection = await connect(target);
    const running = connection.exec(command, { encoding: 'buffer', maxBuffer: 0 });
    const count = counting(running.stdout);
    await running;
    return count;
  },
  async writeInput(target, command, bytes) {
    await using connection = await connect(target);
    const running = connection.exec(command);
    await pour(running.stdin, bytes);
    return { bytes: Number((await running).stdout) };
  },
  hold: connect,
};
