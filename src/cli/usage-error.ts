/** The command was used incorrectly; nothing has been opened. */
export class UsageError extends Error {
  override name = 'UsageError';
}
