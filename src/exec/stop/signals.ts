import { wrongType } from '../../check/wrong.ts';

/** The signal names of RFC 4254, section 6.10. */
const names = [
  'ABRT',
  'ALRM',
  'FPE',
  'HUP',
  'ILL',
  'INT',
  'KILL',
  'PIPE',
  'QUIT',
  'SEGV',
  'TERM',
  'USR1',
  'USR2',
];

/** The name as SSH sends it, without `SIG`. @throws {TypeError} for a signal that RFC 4254 does not define. */
export function checkSignalName(signal: string): string {
  const name = String(signal).replace(/^SIG/, '');
  if (names.includes(name)) return name;
  throw wrongType('argument signal', signal, `a signal that SSH can send (SIG${names.join(', SIG')})`);
}
