import { createRequire } from 'node:module';
import type createDebug from 'debug';
import type iconv from 'iconv-lite';
import type sshConfig from 'ssh-config';

// Importing this library should cost little more than importing ssh2. What most programs never use is loaded when it is
// first used, and at once: nobody can wait for an import() in the middle of a call that is not asynchronous.

const packed: Record<string, () => unknown> = {};

/**
 * Takes packages, by name, from a program that holds them instead of the disk. Bundlers do not see a `createRequire`:
 * the build gives them a file that calls this (scripts/build-bundle.mjs).
 */
export function usePacked(packages: Readonly<Record<string, () => unknown>>): void {
  Object.assign(packed, packages);
}

let fromDisk: NodeJS.Require | undefined;

/** A package, or one file of it. */
export function load(name: string): unknown {
  const own = packed[name];
  return own === undefined ? disk()(name) : own();
}

/** Finds a package, or else another way to it, without loading it. @throws Node's error if there is neither. */
export function findAny(name: string, otherName: string): void {
  if (name in packed) return;
  try {
    disk().resolve(name);
  } catch {
    disk().resolve(otherName);
  }
}

function disk(): NodeJS.Require {
  // Not before: in a program of one file the build has no address.
  fromDisk ??= createRequire(import.meta.url);
  return fromDisk;
}

export function loadDebug(): typeof createDebug {
  return load('debug') as typeof createDebug;
}

export function loadIconv(): typeof iconv {
  return load('iconv-lite') as typeof iconv;
}

export function loadSshConfig(): typeof sshConfig {
  return (load('ssh-config') as { default: typeof sshConfig }).default;
}

/** OpenSSH's derivation of keys from passphrases; ssh2 has it with it. Zero when that was done. */
interface Bcrypt {
  pbkdf(
    passphrase: Buffer,
    passphraseLength: number,
    salt: Buffer,
    saltLength: number,
    key: Buffer,
    keyLength: number,
    rounds: number,
  ): number;
}

export function loadBcrypt(): Bcrypt {
  return load('bcrypt-pbkdf') as Bcrypt;
}
