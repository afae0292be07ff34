import { mkdir } from 'node:fs/promises';
import { NodeSSH } from 'node-ssh';
import SftpClient from 'ssh2-sftp-client';
import type { Close, Contender, Target } from '../support/types.ts';
import { movingFiles } from './files.ts';
import { execSession } from './lanes.ts';

async function nodeSshOf({ host, port, username, privateKey }: Target): Promise<NodeSSH> {
  return new NodeSSH().connect({ host, port, username, privateKey });
}

async function afterNodeSsh(target: Target, work: (ssh: NodeSSH) => Promise<unknown>): Promise<Close> {
  const ssh = await nodeSshOf(target);
  await work(ssh);
  return () => ssh.dispose();
}

const folder = { recursive: true, concurrency: 10 };

export const nodeSsh: Contender = {
  name: 'node-ssh',
  connectAndRun: (target) => afterNodeSsh(target, (ssh) => ssh.execCommand('true')),
  async openExec(target) {
    const ssh = await nodeSshOf(target);
    return execSession(
      (command) => ssh.execCommand(command),
      () => ssh.dispose(),
    );
  },
  put: (target, local, remote) => afterNodeSsh(target, (ssh) => ssh.putFile(local, remote)),
  get: (target, remote, local) => afterNodeSsh(target, (ssh) => ssh.getFile(local, remote)),
  putFolder: (target, local, remote) =>
    afterNodeSsh(target, (ssh) => ssh.putDirectory(local, remote, folder)),
  async getFolder(target, remote, local) {
    await mkdir(local);
    return afterNodeSsh(target, (ssh) => ssh.getDirectory(local, remote, folder));
  },
  async readOutput(target, command) {
    // It cannot be kept from collecting the output as well.
    let bytes = 0;
    const close = await afterNodeSsh(target, (ssh) =>
      ssh.execCommand(command, {
        onStdout: (chunk) => {
          bytes += chunk.length;
        },
      }),
    );
    close();
    return { bytes };
  },
};

export const sftpClient: Contender = {
  name: 'ssh2-sftp-client',
  ...movingFiles(async ({ host, port, username, privateKey }) => {
    const client = new SftpClient();
    await client.connect({ host, port, username, privateKey });
    return {
      put: (local, remote) => client.fastPut(local, remote),
      get: (remote, local) => client.fastGet(remote, local),
      putFolder: (local, remote) => client.uploadDir(local, remote),
      getFolder: (remote, local) => client.downloadDir(remote, local),
      close: () => client.end(),
    };
  }),
};
