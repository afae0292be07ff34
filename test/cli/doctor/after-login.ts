import { faulty, pc } from './pcs.ts';
import { at, type Situation } from './situation.ts';

const says = (text: string, exitCode = 1): Situation['open'] =>
  at({ exec: () => ({ stdout: text, exitCode }) });
const short = ['--total-timeout', '9s'];

const exec = { step: 'exec', exitCode: 16 } as const;
const commands: Situation[] = [
  {
    what: 'an account that may not run commands',
    ...exec,
    kind: 'sessionRefused',
    todo: /forced command/,
    open: faulty({ exec: { refuse: true } }),
  },
  {
    what: 'a command that hangs',
    ...exec,
    kind: 'commandHangs',
    todo: /profile, AutoRun.*forced command/,
    open: faulty({ exec: { hang: true } }, ...short),
  },
  {
    what: 'a command that is closed at once',
    ...exec,
    kind: 'forced',
    todo: /Something other than a shell/,
    open: faulty({ exec: { closeEarly: true } }),
  },
  {
    what: 'a session that sshd cannot set up',
    ...exec,
    kind: 'sessionFails',
    todo: /ChrootDirectory/,
    open: says('', 255),
  },
  {
    what: 'a forced command',
    ...exec,
    kind: 'forced',
    says: /only backups/,
    todo: /ForceCommand/,
    open: says('only backups here\n'),
  },
  {
    what: 'an account for SFTP only',
    ...exec,
    kind: 'sftpOnly',
    todo: /commands need another account/,
    open: says('This service allows sftp connections only.\n'),
  },
  {
    what: 'nologin',
    ...exec,
    kind: 'nologin',
    todo: /usermod -s/,
    open: says('This account is currently not available.\n'),
  },
  {
    what: 'a password that has expired',
    ...exec,
    kind: 'passwordExpired',
    todo: /ssh -t/,
    open: says('WARNING: Your password has expired.\nPassword change required but no TTY available.\n'),
  },
  {
    what: 'an account that expired meanwhile',
    ...exec,
    kind: 'accountExpired',
    todo: /chage -E/,
    open: says('Your account has expired\n'),
  },
  {
    what: 'a default shell that is not there',
    ...exec,
    kind: 'noShell',
    todo: /DefaultShell/,
    open: says('/bin/none: No such file or directory\n', 127),
  },
  {
    what: 'hostile words',
    ...exec,
    kind: 'forced',
    says: /\\x1b\[2J/,
    todo: /ForceCommand/,
    open: says('\u001b[2J here\n'),
  },
  {
    what: 'no session at all',
    ...exec,
    kind: 'sessionRefused',
    todo: /MaxSessions 0/,
    open: at({ maxSessions: 0 }, ...short),
  },
  {
    what: 'sessions that do not open',
    ...exec,
    kind: 'sessionSilent',
    says: /did not answer the request for a session/,
    todo: /the server is overloaded, or the set-up of the session hangs/,
    open: faulty({ channel: { hang: true } }, '--channel-timeout', '400ms'),
  },
  {
    what: 'sessions that are prohibited',
    ...exec,
    kind: 'sessionRefused',
    todo: /restrict in authorized_keys/,
    open: faulty({ channel: { refuse: true, reason: 1, text: 'no' } }),
  },
  {
    what: 'a shell that speaks first',
    step: 'exec',
    verdict: 'warn',
    exitCode: 0,
    says: /Welcome!/,
    todo: /bashrc/,
    open: pc({ answers: { echo: 'Welcome!\nssh-via-gateway-doctor %COMSPEC% bash\n' } }),
  },
  {
    what: 'no exit status',
    step: 'exec',
    verdict: 'warn',
    exitCode: 0,
    says: /no exit status/,
    open: faulty({ exec: { noExitStatus: true } }),
  },
  {
    what: 'a connection that is lost at the command',
    ...exec,
    kind: 'endedAtCommand',
    says: /^the login works, but/,
    todo: /ChrootDirectory.*journalctl/,
    open: faulty({ disconnect: { phase: 'exec', message: 'bye' } }),
  },
];

const sftp = { step: 'sftp', exitCode: 17 } as const;
const files: Situation[] = [
  { what: 'no SFTP', ...sftp, kind: 'sftpRefused', todo: /Subsystem sftp/, open: pc({}, { sftp: false }) },
  {
    what: 'SFTP that does not begin',
    ...sftp,
    kind: 'sftpSilent',
    todo: /network drive/,
    open: faulty({ sftp: { noVersion: true } }, ...short),
  },
  {
    what: 'SFTP that does not answer',
    ...sftp,
    kind: 'sftpSilent',
    todo: /hangs/,
    open: faulty({ sftp: { hangOp: { op: 'REALPATH' } } }, ...short),
  },
  {
    what: 'SFTP that refuses to tell where it begins',
    ...sftp,
    kind: 'sftpFails',
    says: /SFTP answers, but refuses/,
    todo: /home folder is there/,
    open: faulty({ sftp: { failOp: { op: 'REALPATH' } } }),
  },
  {
    what: 'SFTP that sends something else',
    ...sftp,
    kind: 'sftpSpoilt',
    todo: /bashrc/,
    open: faulty({ sftp: { garbagePacket: true } }),
  },
  {
    what: 'SFTP where no session is to be had',
    step: 'sftp',
    exitCode: 16,
    kind: 'sessionRefused',
    todo: /MaxSessions 0/,
    open: faulty({ channel: { refuse: true } }),
  },
];

export const afterLogin: Situation[] = [...commands, ...files];
