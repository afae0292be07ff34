import type { ServerChannel } from 'ssh2';
import type { ServerConnection } from '../connection.ts';
import type { Filesystem } from './filesystem.ts';

/** Serves SFTP on a channel. */
export function serveSftp(connection: ServerConnection, channel: ServerChannel, files: Filesystem): void {
  void files;
  connection.whileAlive(() => channel.end());
}
