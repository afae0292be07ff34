import { type Connection, connectViaGateway } from 'ssh-via-gateway';
import type { Contender, Target } from '../support/types.ts';

function connect(target: Target): Promise<Connection> {
  const { host, port, username, privateKey, hostPublicKey } = target;
  return connectViaGateway({
    host,
    port,
    username,
    privateKey,
    hostKey: { key: hostPublicKey },
    retry: false,
  });
}

async function withConnection(
  target: Target,
  work: (connection: Connection) => Promise<unknown>,
): Promise<void> {
  const connection = await connect(target);
  try {
    await work(connection);
  } finally {
    await connection.close();
  }
}

export const ours: Contender = {
  name: 'ssh-via-gateway',
  async connectAndRun(target) {
    const connection = await connect(target);
    await connection.exec('true');
    return () => connection.close();
  },
  async openExec(target) {
    const connection = await connect(target);
    return {
      run: async (command) => void (await connection.exec(command)),
      close: () => connection.close(),
    };
  },
  put: (target, local, remote) => withConnection(target, (connection) => connection.upload(local, remote)),
  get: (target, remote, local) => withConnection(target, (connection) => connection.download(remote, local)),
  putFolder: (target, local, remote) =>
    withConnection(target, (connection) => connection.upload(local, remote)),
  getFolder: (target, remote, local) =>
    withConnection(target, (connection) => connection.download(remote, local)),
  async readOutput(target, command) {
    let bytes = 0;
    await withConnection(target, async (connection) => {
      const running = connection.exec(command, { encoding: 'buffer', maxBuffer: 0 });
      running.stdout.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      await running;
    });
    return bytes;
  },
  writeInput: (target, command, bytes) =>
    withConnection(target, async (connection) => {
      const running = connection.exec(command);
      const chunk = Buffer.alloc(1 << 20);
      for (let sent = 0; sent < bytes; sent += chunk.length) {
        if (!running.stdin.write(chunk)) await new Promise((resolve) => running.stdin.once('drain', resolve));
      }
      running.stdin.end();
      await running;
    }),
  hold: (target) => connect(target),
};
