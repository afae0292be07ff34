import { windowsFacts } from '../../windows/versions.ts';
import { hasSftpOfOpenSsh } from '../transport/server-kind.ts';
import type { PacketReader } from './wire.ts';

export interface SftpLimits {
  maxRead: number;
  maxWrite: number;
  maxHandles: number;
}

/** What OpenSSH's `limits@openssh.com` allows; more would gain nothing. */
const largest = 261_120;
/** Every server must accept packets of 34,000 bytes; this leaves room for the header. */
const smallest = 32_768 - 1024;

/**
 * Applies until the server has sent its limits. OpenSSH and dropbear accept packets of 256 KiB; rclone accepts writes
 * of that size, and returns 32 KiB per read; others promise 34,000 bytes. An OpenSSH for Windows that does not send its
 * limits must not be sent more than that: see `maxWrite` of its versions.
 */
export function assumedLimits(serverVersion: string | undefined): SftpLimits {
  const windows = windowsFacts(serverVersion);
  if (windows) return { maxRead: windows.maxRead, maxWrite: smallest, maxHandles: 64 };
  const big = hasSftpOfOpenSsh(serverVersion);
  const takesBig = big || /-rclone\//.test(serverVersion ?? '');
  const sizeOf = (isBig: boolean) => (isBig ? 256 * 1024 - 2048 : smallest);
  return { maxRead: sizeOf(big), maxWrite: sizeOf(takesBig), maxHandles: 64 };
}

/**
 * The reply to `limits@openssh.com`; zero means that the server does not say. A Windows server is asked for no more
 * than it returns at once: the rest of a block would take a request of its own.
 */
export function readLimits(
  reader: PacketReader,
  assumed: SftpLimits,
  serverVersion: string | undefined,
): SftpLimits {
  reader.uint64();
  const [read, write, handles] = [reader.uint64(), reader.uint64(), reader.uint64()];
  const mostRead = windowsFacts(serverVersion)?.maxRead ?? largest;
  return {
    maxRead: Math.min(sane(read, assumed.maxRead), mostRead),
    maxWrite: sane(write, assumed.maxWrite),
    maxHandles: handles > 0 ? Math.min(handles, 4096) : assumed.maxHandles,
  };
}

function sane(size: number, assumed: number): number {
  return size > 0 ? Math.max(512, Math.min(size, largest)) : assumed;
}
