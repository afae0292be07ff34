// What an upload needs; loaded on first use, see ../files.ts.
export { sftpOpener } from '../../ssh2/sftp/opener.ts';
export { uploadAsPlanned } from './upload.ts';
