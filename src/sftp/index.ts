// Everything that a connection does with files; loaded on first use.
export { sftpOpener } from '../ssh2/sftp/opener.ts';
export { openSftpClient } from './client/client.ts';
export { download } from './down/download.ts';
export { upload } from './up/upload.ts';
