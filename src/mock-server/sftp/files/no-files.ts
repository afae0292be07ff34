import type { MockFiles } from './mock-files.ts';

const refuse = (): never => {
  throw new Error('this mock server was started with sftp: false and has no files');
};

/** The files of a server without SFTP. */
export const noFiles: MockFiles = {
  read: refuse,
  text: refuse,
  write: refuse,
  mkdir: refuse,
  symlink: refuse,
  has: () => false,
  remove: () => {},
  list: () => [],
  stat: refuse,
};
