import { type ChildProcess, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Contender, Target } from '../support/types.ts';

function options({ port, privateKeyPath, knownHostsPath }: Target, portFlag: '-p' | '-P'): string[] {
  const settings = [
    'BatchMode=yes',
    'IdentitiesOnly=yes',
    `UserKnownHostsFile=${knownHostsPath}`,
    'LogLevel=ERROR',
  ];
  return [
    '-F',
    'none',
    '-i',
    privateKeyPath,
    portFlag,
    String(port),
    ...settings.flatMap((one) => ['-o', one]),
  ];
}

function at({ username, host }: Target): string {
  return `${username}@${host}`;
}

function finished(child: ChildProcess, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let words = '';
    child.stderr?.on('data', (text) => {
      words += text;
    });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${name} exited with ${code}: ${words}`)),
    );
  });
}

function start(program: string, args: readonly string[], input?: string): Promise<void> {
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'] });
  child.stdin?.end(input);
  return finished(child, program);
}

const sftpBatch = (target: Target, line: string) =>
  start('sftp', [...options(target, '-P'), '-b', '-', at(target)], `${line}\n`);

export const openssh: Contender = {
  name: 'OpenSSH',
  async connectAndRun(target) {
    await start('ssh', [...options(target, '-p'), at(target), 'true']);
    return () => {};
  },
  async openExec(target) {
    const control = join(tmpdir(), `bench-${process.pid}-${Math.round(performance.now())}.ctl`);
    const base = [...options(target, '-p'), '-o', `ControlPath=${control}`];
    await start('ssh', [...base, '-o', 'ControlMaster=yes', '-o', 'ControlPersist=60', '-fN', at(target)]);
    return {
      run: (command) => start('ssh', [...base, at(target), command]),
      async close() {
        await start('ssh', [...base, '-O', 'exit', at(target)]).catch(() => {});
        await rm(control, { force: true });
      },
    };
  },
  put: (target, local, remote) => sftpBatch(target, `put ${local} ${remote}`),
  get: (target, remote, local) => sftpBatch(target, `get ${remote} ${local}`),
  putFolder: (target, local, remote) => sftpBatch(target, `put -r ${local} ${remote}`),
  getFolder: (target, remote, local) => sftpBatch(target, `get -r ${remote} ${local}`),
  async readOutput(target, command) {
    const child = spawn('ssh', [...options(target, '-p'), at(target), command], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let bytes = 0;
    child.stdout?.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    await finished(child, 'ssh');
    return bytes;
  },
};

export const scp: Contender = {
  name: 'OpenSSH scp',
  put: (target, local, remote) => start('scp', [...options(target, '-P'), local, `${at(target)}:${remote}`]),
  get: (target, remote, local) => start('scp', [...options(target, '-P'), `${at(target)}:${remote}`, local]),
};
