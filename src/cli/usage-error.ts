/** The command was called in a wrong way; nothing has been opened. */
export class UsageError extends Error {
  override name = 'UsageError';
}
