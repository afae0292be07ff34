import { windowsFacts } from '../../windows/versions.ts';

/** Whether a server says that it is OpenSSH for Windows, in its identification line or the part of it that names the software. */
export function isWindowsServer(serverVersion: string | undefined): boolean {
  return windowsFacts(serverVersion) !== undefined;
}

/** Whether a server's files are those of OpenSSH's own SFTP server, by its identification line: dropbear starts that one. */
export function hasSftpOfOpenSsh(serverVersion: string | undefined): boolean {
  return /OpenSSH|dropbear/.test(serverVersion ?? '');
}

/** Whether a server says that it is OpenSSH, for Windows or another system. Others name it behind their own name at most. */
export function isOpenSsh(serverVersion: string | undefined): boolean {
  return /^(SSH-2\.0-)?OpenSSH_/.test(serverVersion ?? '');
}
