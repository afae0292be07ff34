// What a download needs; loaded on first use, see ../files.ts.
export { sftpOpener } from '../../ssh2/sftp/opener.ts';
export { downloadAsPlanned } from './download.ts';
