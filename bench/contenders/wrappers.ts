import { NodeSSH } from 'node-ssh';
import SftpClient from 'ssh2-sftp-client';
import type { Contender, Target } from '../support/types.ts';

async function nodeSshOf({ host, port, username, privateKey }: Target): Promise<NodeSSH> {
  return new NodeSSH().connect({ host, port, username, privateKey });
}

async function withNodeSsh(target: Target, work: (ssh: NodeSSH) => Promise<unknown>): Promise<void> {
  const ssh = await nodeSshOf(target);
  try {
    await work(ssh);
  } finally {
    ssh.dispose();
  }
}

export const nodeSsh: Contender = {
  name: 'node-ssh',
  async connectAndRun(target) {
    const ssh = await nodeSshOf(target);
    await ssh.execCommand('true');
    return () => ssh.dispose();
  },
  async openExec(target) {
    const ssh = await nodeSshOf(target);
    return { run: async (command) => void (await ssh.execCommand(command)), close: () => ssh.dispose() };
  },
  put: (target, local, remote) => withNodeSsh(target, (ssh) => ssh.putFile(local, remote)),
  get: (target, remote, local) => withNodeSsh(target, (ssh) => ssh.getFile(local, remote)),
  putFolder: (target, local, remote) =>
    withNodeSsh(target, (ssh) => ssh.putDirectory(local, remote, { recursive: true, concurrency: 10 })),
  getFolder: (target, remote, local) =>
    withNodeSsh(target, (ssh) => ssh.getDirectory(local, remote, { recursive: true, concurrency: 10 })),
};

async function withSftpClient(target: Target, work: (client: SftpClient) => Promise<unknown>): Promise<void> {
  const { host, port, username, privateKey } = target;
  const client = new SftpClient();
  await client.connect({ host, port, username, privateKey });
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

export const sftpClient: Contender = {
  name: 'ssh2-sftp-client',
  put: (target, local, remote) => withSftpClient(target, (client) => client.fastPut(local, remote)),
  get: (target, remote, local) => withSftpClient(target, (client) => client.fastGet(remote, local)),
  putFolder: (target, local, remote) => withSftpClient(target, (client) => client.uploadDir(local, remote)),
  getFolder: (target, remote, local) => withSftpClient(target, (client) => client.downloadDir(remote, local)),
};
