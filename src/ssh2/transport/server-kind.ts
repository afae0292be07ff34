import { windowsFacts } from '../../windows/versions.ts';

/** Whether a server says that it is OpenSSH for Windows, in its identification line or the part of it that names the software. */
export function isWindowsServer(serverVersion: string | undefined): boolean {
  return windowsFacts(serverVersion) !== undefined;
}
