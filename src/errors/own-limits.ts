import type { Phase } from './base.ts';
import { ConnectFailed } from './connecting.ts';

/** Errors of this machine, for which no network is to blame, and what the limit is. */
export const ownLimits: Readonly<Record<string, string>> = {
  EMFILE: 'This process has as many files and connections open as it may (ulimit -Hn).',
  ENFILE: 'This machine has as many files and connections open as it may (sysctl fs.file-max).',
  EADDRNOTAVAIL:
    'This machine has no free local port for that address (sysctl net.ipv4.ip_local_port_range), or no address of its kind.',
};

/** Whether a file could not be opened because too many are open. */
export function isOutOfFiles(error: unknown): error is NodeJS.ErrnoException {
  return codeOf(error) !== undefined;
}

/** Node.js 24 says it only in words if the file is a package.json on the way to what it loads. */
function codeOf(error: unknown): 'EMFILE' | 'ENFILE' | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EMFILE' || code === 'ENFILE') return code;
  if (code !== 'ERR_INVALID_PACKAGE_CONFIG') return undefined;
  if (message.includes('too many open files')) return 'EMFILE';
  return message.includes('file table overflow') ? 'ENFILE' : undefined;
}

/**
 * The error for a connection that fails because a file of this machine, such as a key or our own code, cannot be opened;
 * undefined if something else was wrong.
 */
export function outOfFiles(
  error: unknown,
  { phase, host, port, hop }: { phase: Phase; host: string; port: number; hop?: string | undefined },
): ConnectFailed | undefined {
  const errno = codeOf(error);
  if (errno === undefined) return undefined;
  return new ConnectFailed(`Could not connect to ${host}:${port}: ${errno}`, {
    ...{ phase, host, port, hop, errno, retryable: true, cause: error },
    hint: ownLimits[errno],
  });
}
