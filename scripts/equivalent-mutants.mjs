/**
 * Changes that make no difference to anybody, so that no test can find them: the file under src, the line as it stands there, what is
 * changed, and why it makes no difference. One that no longer fits its line is an error (test/scripts/mutants.test.ts).
 */
export const equivalents = [
  {
    file: 'sftp/client/whole-file.ts',
    line: '#used = 0;',
    what: '0 and one',
    why: 'The first buffer is empty, so one byte of it is none, and the first piece sets the count anew.',
  },
  {
    file: 'sftp/verify/remote-size.ts',
    line: 'sftp.read(handle, position, 1, (error, _pieces, length) =>',
    what: '1 and one',
    why: 'Only whether any byte is there is asked, so two of them say the same as one.',
  },
  {
    file: 'sftp/transfer/run.ts',
    line: 'const still = this.#quiet > 0 ? 0 : now() - this.#lastMove;',
    what: '0 and one',
    why: 'It is looked for a stall one millisecond earlier, and again after it.',
  },
  {
    file: 'ssh2/sftp/session.ts',
    line: 'this.#strays = pending ? 0 : this.#strays + 1;',
    what: '0 and one',
    why: 'The limit against floods ends a session one stray reply earlier, of a number that nobody relies on.',
  },
  {
    file: 'job/list-jobs.ts',
    line: 'startedAt: new Date(claim?.at ?? 0),',
    what: '0 and one',
    why: 'Only records that have a claim come here, so the other time is never taken.',
  },
];

/** Whether a change of a file is one of those. */
export const isSame = (equivalent, { path, code, mutant }) =>
  equivalent.file === path && equivalent.line === code && equivalent.what === mutant.what;
