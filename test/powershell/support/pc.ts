import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { connectViaGateway } from '../../../src/connect-via-gateway.ts';
import type { Connection } from '../../../src/connection.ts';
import type { ConnectOptions } from '../../../src/options/types.ts';
import { type Sshd, startSshd } from '../../support/sshd.ts';

/** How the PC is minded: files in its folder of settings. */
export type Setting =
  | 'wmi'
  | 'tasks'
  | 'desktop'
  | 'standard'
  | 'language-mode'
  | 'no-breakaway'
  | 'no-kernel32'
  | 'no-snapshot'
  | 'schtasks'
  | 'no-schtasks'
  | 'unseen'
  | 'simultaneous'
  | 'no-powershell'
  | 'stillborn';

/**
 * A PC of our own: a real sshd that calls itself OpenSSH for Windows, and behind it a real PowerShell 7 in which
 * stand-ins take the place of what only Windows has. See the README of this folder.
 */
export interface WindowsPc extends AsyncDisposable {
  readonly sshd: Sshd;
  /** The account's home, in which its commands start. */
  readonly home: string;
  readonly options: ConnectOptions;
  connect(): Promise<Connection>;
  set(setting: Setting, value?: string): Promise<void>;
  /** Back to a PC on which all works. */
  reset(): Promise<void>;
  /** What the stand-ins have noted since the last reset. */
  log(): Promise<string[]>;
  /** How often PowerShell has been started since the last reset. */
  starts(): Promise<number>;
  /** The scheduled tasks that there are. */
  tasks(): Promise<string[]>;
}

const own = join(import.meta.dirname, 'stand-in');
const settings: readonly (Setting | 'log' | 'starts')[] = [
  'starts',
  'wmi',
  'tasks',
  'desktop',
  'standard',
  'language-mode',
  'no-breakaway',
  'no-kernel32',
  'no-snapshot',
  'schtasks',
  'no-schtasks',
  'unseen',
  'simultaneous',
  'no-powershell',
  'stillborn',
  'log',
];

export async function startWindowsPc(): Promise<WindowsPc> {
  const folder = await mkdtemp(join(tmpdir(), 'windows-'));
  const removeFolder = () => rm(folder, { recursive: true, force: true, maxRetries: 5 });
  try {
    return await startIn(folder, removeFolder);
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

async function startIn(folder: string, removeFolder: () => Promise<void>): Promise<WindowsPc> {
  await chmod(folder, 0o777);
  await furnish(folder);
  const program = join(folder, 'sshd');
  await disguise('/usr/sbin/sshd', program);
  const config = [
    `ForceCommand ${join(folder, 'bin/shell')}`,
    // Where .NET is, if that is not the usual place.
    `SetEnv STAND_IN=${folder} DOTNET_ROOT=${process.env['DOTNET_ROOT'] ?? ''}`,
    'MaxSessions 100',
  ];
  const sshd = await startSshd({ config, program });
  const lines = async (name: string) =>
    (await readFile(join(folder, name), 'utf8').catch(() => '')).split('\n').filter(Boolean);
  const options: ConnectOptions = {
    ...{ host: sshd.host, port: sshd.port, username: sshd.username, privateKeyPath: sshd.privateKeyPath },
    hostKey: { key: sshd.hostPublicKey },
  };
  return {
    sshd,
    home: sshd.home,
    options,
    connect: () => connectViaGateway(options),
    set: (setting, value = '') => writeFile(join(folder, setting), value),
    reset: async () => {
      for (const name of settings) await rm(join(folder, name), { force: true });
    },
    log: () => lines('log'),
    starts: async () => (await lines('starts')).length,
    tasks: () => readdir(join(folder, 'tasks.d')).catch(() => []),
    [Symbol.asyncDispose]: async () => {
      await sshd.close();
      await removeFolder();
    },
  };
}

async function furnish(folder: string): Promise<void> {
  const program = async (from: string, ...to: string[]) => {
    await mkdir(join(folder, ...to.slice(0, -1)), { recursive: true });
    await copyFile(join(own, from), join(folder, ...to));
    await chmod(join(folder, ...to), 0o755);
  };
  await program('shell.sh', 'bin', 'shell');
  await program('spawn.sh', 'bin', 'spawn');
  await program('cmd.sh', 'bin', 'cmd.exe');
  await program('taskkill.sh', 'bin', 'taskkill');
  await program('schtasks.sh', 'tools', 'schtasks.exe');
  await program('powershell.sh', 'bin', 'powershell');
  await program('powershell.sh', 'Windows', 'System32', 'WindowsPowerShell', 'v1.0', 'powershell.exe');
  await program('WindowsStandIn.psm1', 'modules', 'WindowsStandIn', 'WindowsStandIn.psm1');
  await symlink(findPwsh(), join(folder, 'pwsh'));
  await mkdir(join(folder, 'lib'));
  await mkdir(join(folder, 'parents'));
  await chmod(join(folder, 'parents'), 0o777);
  const compile = (to: string, ...from: string[]) =>
    execFileSync('gcc', [
      ...['-O1', '-shared', '-fPIC', '-o', join(folder, 'lib', to)],
      ...from.map((file) => join(own, file)),
    ]);
  compile('every-process.so', 'parents.c', 'moves.c');
  compile('kernel32.dll.so', 'kernel32.c');
  await symlink(join(folder, 'lib', 'kernel32.dll.so'), join(folder, 'lib', 'ntdll.dll.so'));
}

/** @throws when there is none: nothing here may be skipped. */
export function findPwsh(): string {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    join(process.env['HOME'] ?? '', '.dotnet/tools'),
  ];
  for (const folder of folders) {
    const path = join(folder, 'pwsh');
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {}
  }
  throw new Error(
    'no pwsh on the PATH; `dotnet tool install --tool-path DIR PowerShell --version 7.6.9` puts one into DIR',
  );
}

/** A copy of sshd that gives another name: the library takes from it what it talks to. */
async function disguise(from: string, to: string): Promise<void> {
  const bytes = await readFile(from);
  const name = 'OpenSSH_for_Windows_9.5';
  const found = /OpenSSH_\d[\w.]*p\d [^\0]{9,}\0/.exec(bytes.toString('latin1'));
  if (!found || found[0].length <= name.length)
    throw new Error('sshd does not say its version as Debian’s does');
  bytes.fill(0, found.index, found.index + found[0].length);
  bytes.write(name, found.index, 'latin1');
  await writeFile(to, bytes, { mode: 0o755 });
}
