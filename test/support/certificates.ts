import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A folder in which `ssh-keygen` makes keys and certificates. */
export interface KeyFolder extends AsyncDisposable {
  readonly path: string;
  /** A new key pair; gives the path of the private key. */
  key(name: string, ...options: string[]): Promise<string>;
  /** A copy of a key pair under another name. */
  copy(from: string, name: string): Promise<string>;
  /** Signs the public key of `key`; `options` are those of `ssh-keygen`. Gives the path of the certificate. */
  certify(key: string, authority: string, ...options: string[]): Promise<string>;
  /** A text file of the folder. */
  read(path: string): Promise<string>;
}

export async function keyFolder(): Promise<KeyFolder> {
  const path = await mkdtemp(join(tmpdir(), 'svg-certificates-'));
  return {
    path,
    async key(name, ...options) {
      const file = join(path, name);
      await run('ssh-keygen', [
        '-q',
        '-N',
        '',
        '-C',
        name,
        '-f',
        file,
        ...(options.length ? options : ['-t', 'ed25519']),
      ]);
      return file;
    },
    async copy(from, name) {
      const file = join(path, name);
      await Promise.all([copyFile(from, file), copyFile(`${from}.pub`, `${file}.pub`)]);
      return file;
    },
    async certify(key, authority, ...options) {
      const id = options.includes('-I') ? [] : ['-I', 'me'];
      await run('ssh-keygen', ['-q', '-s', authority, ...id, ...options, `${key}.pub`]);
      return `${key}-cert.pub`;
    },
    read: (file) => readFile(file, 'utf8'),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
