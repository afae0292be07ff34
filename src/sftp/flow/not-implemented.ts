/**
 * Whether the error is that of a method which file handles of Yarn's Plug'n'Play lack (@yarnpkg/fslib, FileHandle.ts).
 */
export function isNotImplemented(error: unknown): boolean {
  return error instanceof Error && /^method not implemented/i.test(error.message);
}
