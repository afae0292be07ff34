/** The program's exit codes. For those of `doctor`, see `doctor/steps.ts`. */
export const exitCodes = {
  ok: 0,
  /** It was tried and did not work; or it did, but its output could not be written. */
  failed: 1,
  /** Wrong use: nothing was opened. */
  usage: 2,
  /** `exec --timeout` expired; the same code as `timeout(1)`. */
  commandTimeout: 124,
  /** No connection, or it was lost; the same code as `ssh`. */
  connection: 255,
  /** 128 + SIGPIPE: the reader of the output has gone. */
  outputGone: 141,
} as const;
