// What single operations on files need; loaded on first use, see ../files.ts.
export { sftpOpener } from '../../ssh2/sftp/opener.ts';
export { openSftpClient } from './client.ts';
