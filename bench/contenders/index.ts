import { type Contender, ours } from '../support/types.ts';
import type { Module } from './python.ts';

// Each is loaded where it is used: a process that measures one must not hold the others.
const loaders: Record<string, () => Promise<Contender | undefined>> = {
  [ours]: async () => (await import('./ours.ts')).ours,
  ssh2: async () => (await import('./plain-ssh2.ts')).plainSsh2,
  'ssh2 no-delay': async () => (await import('./plain-ssh2.ts')).ssh2NoDelay,
  'node-ssh': async () => (await import('./wrappers.ts')).nodeSsh,
  'ssh2-sftp-client': async () => (await import('./wrappers.ts')).sftpClient,
  OpenSSH: async () => (await import('./openssh.ts')).openssh,
  'OpenSSH sftp': async () => (await import('./openssh.ts')).sftp,
  'OpenSSH scp': async () => (await import('./openssh.ts')).scp,
  AsyncSSH: () => python('AsyncSSH', 'asyncssh'),
  paramiko: () => python('paramiko', 'paramiko'),
};

async function python(name: string, module: Module): Promise<Contender | undefined> {
  const { pythonPeer, pythonVersion } = await import('./python.ts');
  return pythonVersion(module) === undefined ? undefined : pythonPeer(name, module);
}

/** One contender, or undefined if it is not installed. */
export async function loadContender(name: string): Promise<Contender | undefined> {
  return loaders[name]?.();
}

/** All installed contenders, and the names of those that are not installed. */
export async function loadContenders(): Promise<{ contenders: Contender[]; absent: string[] }> {
  const names = Object.keys(loaders);
  const loaded = await Promise.all(names.map(loadContender));
  return {
    contenders: loaded.filter((one) => one !== undefined),
    absent: names.filter((_name, index) => loaded[index] === undefined),
  };
}
