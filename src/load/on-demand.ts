import { createRequire } from 'node:module';
import type createDebug from 'debug';
import type iconv from 'iconv-lite';

// Importing this library should cost little more than importing ssh2. What most programs never use is loaded when it is
// first used, and at once: nobody can wait for an import() in the middle of a call that is not asynchronous.
// The CommonJS build has the address of its file here; the build for bundlers has imports in the place of this file.
const require = createRequire(import.meta.url);

export function loadDebug(): typeof createDebug {
  return require('debug') as typeof createDebug;
}

export function loadIconv(): typeof iconv {
  return require('iconv-lite') as typeof iconv;
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
  return require('bcrypt-pbkdf') as Bcrypt;
}
