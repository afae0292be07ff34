/**
 * Changes that make no difference to anybody, so that no test can find them: the file under src, the line as it stands there, what is
 * changed, and why it makes no difference. One that no longer fits its line is an error (test/scripts/mutants.test.ts).
 */
export const equivalents = [];

/** Whether a change of a file is one of those. */
export const isSame = (equivalent, { path, code, mutant }) =>
  equivalent.file === path && equivalent.line === code && equivalent.what === mutant.what;
