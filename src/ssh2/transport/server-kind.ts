import { windowsFacts } from '../../windows/versions.ts';

/** Whether a server identifies itself as OpenSSH for Windows, in its identification line or the software part of it. */
export function isWindowsServer(serverVersion: string | undefined): boolean {
  return windowsFacts(serverVersion) !== undefined;
}

/**
 * Whether a server's files are served by OpenSSH's SFTP server, by its identification line: dropbear starts that one
 * too.
 */
export function hasSftpOfOpenSsh(serverVersion: string | undefined): boolean {
  return /OpenSSH|dropbear/.test(serverVersion ?? '');
}

/**
 * Whether a server identifies itself as OpenSSH, on Windows or elsewhere. Others mention it only after their own name.
 */
export function isOpenSsh(serverVersion: string | undefined): boolean {
  return /^(SSH-2\.0-)?OpenSSH_/.test(serverVersion ?? '');
}
