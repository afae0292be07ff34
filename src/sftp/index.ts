// All that a connection does with files; loaded with the first of it.
export { sftpOpener } from '../ssh2/sftp-opener.ts';
export { openSftpClient } from './client.ts';
export { download } from './download.ts';
export { upload } from './upload.ts';
