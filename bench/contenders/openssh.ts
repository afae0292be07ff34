import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Close, Contender, Target } from '../support/types.ts';
import { execSession } from './lanes.ts';
import { watchMemory } from './memory.ts';
import { collecting, counting, pour } from './stream.ts';

// The end of the program is part of the measured time: a script that calls it waits for that too.
const nothingToClose: Close = () => {};

function options({ port, privateKeyPath, knownHostsPath }: Target, portFlag: '-p' | '-P'): string[] {
  const settings = [
    'BatchMode=yes',
    'IdentitiesOnly=yes',
    `UserKnownHostsFile=${knownHostsPath}`,
    'LogLevel=ERROR',
  ];
  const flags = ['-F', 'none', '-i', privateKeyPath, portFlag, String(port)];
  return [...flags, ...settings.flatMap((one) => ['-o', one])];
}

function at({ username, host }: Target): string {
  return `${username}@${host}`;
}

async function finished(child: ChildProcess, name: string): Promise<void> {
  const words = child.stderr ? collecting(child.stderr) : { text: '' };
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${name} exited with ${code}: ${words.text}`);
}

async function start(program: string, args: readonly string[], input?: string): Promise<Close> {
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'] });
  child.stdin.end(input);
  await finished(child, program);
  return nothingToClose;
}

const sshOptions = (target: Target) => [...options(target, '-p'), at(target)];

function sftpBatch(target: Target, line: string): Promise<Close> {
  return start('sftp', [...options(target, '-P'), '-b', '-', at(target)], `${line}\n`);
}

/** Connection sharing: one master, and a process of its own for each command. */
async function openMaster(target: Target) {
  const control = join(tmpdir(), `bench-${process.pid}-${Math.round(performance.now())}.ctl`);
  const base = ['-o', `ControlPath=${control}`, ...sshOptions(target)];
  await start('ssh', ['-o', 'ControlMaster=yes', '-o', 'ControlPersist=60', '-fN', ...base]);
  const close = async () => {
    await start('ssh', ['-O', 'exit', ...base]).catch(() => {});
    await rm(control, { force: true });
  };
  return execSession((command) => start('ssh', [...base, command]), close);
}

export const openssh: Contender = {
  name: 'OpenSSH',
  connectAndRun: (target) => start('ssh', [...sshOptions(target), 'true']),
  openExec: openMaster,
  async readOutput(target, command) {
    const child = spawn('ssh', [...sshOptions(target), command], { stdio: ['ignore', 'pipe', 'pipe'] });
    const memory = watchMemory(child);
    const count = counting(child.stdout);
    await finished(child, 'ssh');
    return { bytes: count.bytes, ...memory.stop() };
  },
  async writeInput(target, command, bytes) {
    const child = spawn('ssh', [...sshOptions(target), command], { stdio: ['pipe', 'pipe', 'pipe'] });
    const memory = watchMemory(child);
    const printed = collecting(child.stdout);
    const end = finished(child, 'ssh');
    await pour(child.stdin, bytes);
    await end;
    return { bytes: Number(printed.text), ...memory.stop() };
  },
};

export const sftp: Contender = {
  name: 'OpenSSH sftp',
  put: (target, local, remote) => sftpBatch(target, `put ${local} ${remote}`),
  get: (target, remote, local) => sftpBatch(target, `get ${remote} ${local}`),
  putFolder: (target, local, remote) => sftpBatch(target, `put -r ${local} ${remote}`),
  getFolder: (target, remote, local) => sftpBatch(target, `get -r ${remote} ${local}`),
};

export const scp: Contender = {
  name: 'OpenSSH scp',
  put: (target, local, remote) => start('scp', [...options(target, '-P'), local, `${at(target)}:${remote}`]),
  get: (target, remote, local) => start('scp', [...options(target, '-P'), `${at(target)}:${remote}`, local]),
};
