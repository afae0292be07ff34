import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { pythonVersion } from '../contenders/python.ts';
import { ours } from './types.ts';

/** The version of a package in node_modules, or of this one. */
export function packageVersion(name: string): string {
  const manifest = name === ours ? 'package.json' : `node_modules/${name}/package.json`;
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

/** The versions of everything that is compared. */
export function versions(): Record<string, string> {
  const packages = [ours, 'ssh2', 'node-ssh', 'ssh2-sftp-client'].map((name) => [name, packageVersion(name)]);
  const python = { AsyncSSH: pythonVersion('asyncssh'), paramiko: pythonVersion('paramiko') };
  const installed = Object.entries(python).filter(([, version]) => version !== undefined);
  return { ...Object.fromEntries([...packages, ...installed]), OpenSSH: opensshVersion(), commit: commit() };
}

/** `ssh -V` prints to stderr: `OpenSSH_9.2p1 Debian-2+deb12u7, OpenSSL 3.0.17 1 Jul 2025`. */
function opensshVersion(): string {
  const { stderr } = spawnSync('ssh', ['-V'], { encoding: 'utf8' });
  return /OpenSSH_(\S+?)[\s,]/.exec(stderr)?.[1] ?? stderr.trim();
}

function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
