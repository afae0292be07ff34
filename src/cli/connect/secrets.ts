import { stat } from 'node:fs/promises';
import { readOwnFile, whyUnread } from '../../files/own-file.ts';
import { quoted } from '../../text/printable.ts';
import { variableOf } from '../args/option-spec.ts';
import type { Settings } from '../args/settings.ts';
import { type Io, say } from '../io.ts';
import { UsageError } from '../usage-error.ts';
import { ask } from './prompt.ts';

type SecretKind = 'password' | 'passphrase' | 'jump-password' | 'jump-passphrase';

/** A secret from a prompt, a file or the environment, in this order; undefined if there is none. */
export async function readSecret(
  kind: SecretKind,
  settings: Settings,
  io: Io,
  whose: string,
): Promise<string | undefined> {
  const file = settings.text(`${kind}-file`);
  if (settings.flag(`ask-${kind}`)) {
    if (settings.isArgument(`${kind}-file`)) {
      throw new UsageError(`--ask-${kind} and --${kind}-file exclude each other`);
    }
    if (!io.stdin.isTTY) {
      throw new UsageError(
        `--ask-${kind}: there is no terminal to ask in; --${kind}-file FILE or ${variableOf(kind)} would be right`,
      );
    }
    return ask(io, `${kind.replace('jump-', '')} ${whose}: `);
  }
  if (file !== undefined) return secretOfFile(file, kind, settings.sourceOf(`${kind}-file`), io);
  // Not through the settings: there is no such option, and there must not be one.
  return io.env[variableOf(kind)] || undefined;
}

async function secretOfFile(file: string, kind: SecretKind, source: string, io: Io): Promise<string> {
  const right = `a file that holds the ${kind.replace('jump-', '')} would be right`;
  let text: string;
  try {
    text = (await readOwnFile(file)).toString();
  } catch (error) {
    throw new UsageError(`${source}: ${quoted(file)} cannot be read (${whyUnread(error)}); ${right}`);
  }
  // Editors end a file with a line break; a secret does not end with one.
  const secret = text.replace(/\r?\n$/, '');
  if (secret === '') throw new UsageError(`${source}: ${quoted(file)} is empty; ${right}`);
  await warnIfOpen(file, io);
  return secret;
}

async function warnIfOpen(file: string, io: Io): Promise<void> {
  if (process.platform === 'win32') return;
  const { mode } = await stat(file);
  if (mode & 0o077) say(io.stderr, `ssh-via-gateway: other users may read ${quoted(file)}; chmod 600 it`);
}
