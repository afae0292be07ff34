import { createHash } from 'node:crypto';
import type { SftpOpener } from '../../ssh2/sftp/requests.ts';
import { isWindowsServer } from '../../ssh2/transport/server-kind.ts';
import { anyShellQuoted } from '../../text/shell-word.ts';
import type { BlockSource } from '../flow/block-source.ts';
import type { TransferContext } from '../flow/transfer-context.ts';
import { sum } from './scripts.generated.ts';

const blockSize = 1024 * 1024;

/** Bytes below which a checksum by a command costs more than sending the data again. */
const worthACommand = 1024 * 1024;

/**
 * Whether a checksum made on the server proves that the first `end` bytes of a remote file equal those of the source.
 */
export async function sameBySum(
  { opener, run, settings }: Pick<TransferContext, 'opener' | 'run' | 'settings'>,
  source: BlockSource,
  path: string,
  end: number,
): Promise<boolean> {
  if (!opener.run || end < worthACommand) return false;
  const [here, there] = await run.quietly(() =>
    Promise.all([localSha256(source, end), remoteSha256(opener, path, end, settings.signal)]),
  );
  return here !== undefined && here === there;
}

/** SHA-256 of the first `end` bytes of a source, in hexadecimal; undefined if it has fewer. */
export async function localSha256(source: BlockSource, end: number): Promise<string | undefined> {
  const hash = createHash('sha256');
  const block = Buffer.allocUnsafe(blockSize);
  for (let at = 0; at < end; ) {
    const view = block.subarray(0, Math.min(blockSize, end - at));
    const bytes = await new Promise<number>((resolve, reject) => {
      source.readInto([view], at, (error, read = 0) => (error ? reject(error) : resolve(read)));
    });
    if (bytes === 0) return undefined;
    hash.update(view.subarray(0, bytes));
    at += bytes;
  }
  return hash.digest('hex');
}

/**
 * SHA-256 of the first `end` bytes of a remote file by a command on the server; undefined if that is not possible. A
 * command may see other files than SFTP does (if SFTP has a chroot), so only a match proves anything.
 */
export async function remoteSha256(
  { run, serverVersion }: Pick<SftpOpener, 'run' | 'serverVersion'>,
  path: string,
  end: number,
  signal?: AbortSignal,
): Promise<string | undefined> {
  if (!run) return undefined;
  const isWindows = isWindowsServer(serverVersion) || /^\/[A-Za-z]:/.test(path);
  if (isWindows) return ask(run, windowsCommand(path, end), signal);
  // csh cannot pass a line break.
  return path.includes('\n') ? undefined : ask(run, posixCommand(path, end), signal);
}

async function ask(run: NonNullable<SftpOpener['run']>, command: string, signal: AbortSignal | undefined) {
  try {
    const { exitCode, stdout } = await run(command, signal);
    return exitCode === 0 ? findHash(stdout) : undefined;
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}

function findHash(output: string): string | undefined {
  return /^\\?([0-9a-f]{64})\b/im.exec(output)?.[1]?.toLowerCase();
}

/** `./` prevents a name that begins with a dash from being read as an option. */
function posixCommand(path: string, end: number): string {
  const file = anyShellQuoted(path.startsWith('/') ? path : `./${path}`);
  const first = `head -c ${end} ${file}`;
  return `${first} | sha256sum || ${first} | shasum -a 256 || ${first} | sha256`;
}

/** Encoded, so that neither cmd.exe nor its code page changes the name. Windows cannot read a file open for writing. */
function windowsCommand(path: string, end: number): string {
  const file = path.replace(/^\/(?=[A-Za-z]:)/, '').replaceAll('/', '\\');
  const literal = file.replaceAll(/['\u2018\u2019\u201a\u201b]/g, '$&$&');
  const script = `[long]$n=${end}\n${sum.replace('$file,', () => `'${literal}',`)}`;
  return `powershell -NoProfile -NonInteractive -EncodedCommand ${Buffer.from(script, 'utf16le').toString('base64')}`;
}
