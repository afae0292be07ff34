/**
 * Changes that make no difference to anyone, so that no test can find them: the file below src, the line as it is in
 * the file, what is changed, and why it makes no difference. One that no longer matches its line is an error
 * (test/scripts/mutants.test.ts).
 */
export const equivalents = [
  {
    file: 'tunnel/reclaim/reclaim.ts',
    line: 'const ours = askTarget ? await askTarget() : 0;',
    what: '0 and one',
    why: 'Four times that is less than the least answerTimeout, and the larger one counts.',
  },
  {
    file: 'tunnel/holder/end-session.ts',
    line: 'const patience = 10;',
    what: '10 and one',
    why: 'A session may as well have a tenth of a second more to end.',
  },
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
    file: 'ssh2/slots/waiting-line.ts',
    line: '#tickets = 0;',
    what: '0 and one',
    why: 'Tickets are only compared with each other.',
  },
  {
    file: 'tunnel/reclaim/reclaim.ts',
    line: 'return ours === undefined ? undefined : Math.max(options.answerTimeout, 4 * ours, 4 * (note?.took ?? 0));',
    what: '0 and one',
    why: 'Four milliseconds are less than the least answerTimeout, and the longest counts.',
  },
  {
    file: 'ssh2/sftp/session.ts',
    line: 'const whole = withWholeHead(pieces, Math.min(length, 9));',
    what: '9 and one',
    why: 'A head of one byte more is joined where it comes in pieces, and read as before.',
  },
  {
    file: 'sftp/client/whole-file.ts',
    line: 'const most = 2 ** 31 - 1;',
    what: '1 and one',
    why: 'A limit of two gigabytes may as well be a byte less.',
  },
  {
    file: 'sftp/client/whole-file.ts',
    line: '#joined = Buffer.alloc(0);',
    what: '0 and one',
    why: 'A first buffer of one byte is used up by a piece of one byte, or not at all.',
  },
  {
    file: 'job/list-jobs.ts',
    line: 'startedAt: new Date(claim?.at ?? 0),',
    what: '0 and one',
    why: 'Only records that have a claim come here, so the other time is never taken.',
  },
];

/** Whether a change of a file is one of these. */
export const isSame = (equivalent, { path, code, mutant }) =>
  equivalent.file === path && equivalent.line === code && equivalent.what === mutant.what;
