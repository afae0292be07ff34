/** What the program's exit codes mean. Those of `doctor`: see `doctor/steps.ts`. */
export const exitCodes = {
  ok: 0,
  /** It was tried, and did not work. */
  failed: 1,
  /** Wrong use: nothing was opened. */
  usage: 2,
  /** `exec --timeout` passed; as `timeout(1)` has it. */
  commandTimeout: 124,
  /** No connection, or it was lost; as `ssh` has it. */
  connection: 255,
  /** 128 + SIGPIPE: the reader of the output has gone. */
  outputGone: 141,
} as const;
