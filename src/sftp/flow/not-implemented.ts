/** What the file handles of Yarn's Plug'n'Play say of the methods that they lack (@yarnpkg/fslib, FileHandle.ts). */
export function isNotImplemented(error: unknown): boolean {
  return error instanceof Error && /^method not implemented/i.test(error.message);
}
