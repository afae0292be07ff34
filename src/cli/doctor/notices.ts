import { printable } from '../../text/printable.ts';
import type { SshError } from '../library.ts';
import { withFault } from './diagnose.ts';
import { factsOf } from './facts.ts';
import { isAtJump } from './kind-of.ts';
import type { Finding } from './steps.ts';
import type { Visit } from './visit.ts';

/** What a server said before its verdict on the login, and which jump host it was. */
export interface Notice {
  said: string;
  hop: string | undefined;
}

export function oneLine(notice: string): string {
  return printable(notice.trim().replace(/\s+/g, ' '), 300);
}

const barred = /expire|locked|disabled|not available|booting|shut ?down|nologin|not allowed|denied|만료|잠/i;

/** The password has expired, not the account. */
const ofPassword = /password.{0,20}expired|change your password/i;

/** The legal notice that sshd shows to everyone (`Banner` in sshd_config); it says nothing about the account. */
const legal = /unauthori[sz]ed|authori[sz]ed (?:access|users?|use|personnel)|prohibited|monitored|prosecut/i;

/** Some servers say in a message of its own that a password has to be changed (RFC 4252 section 8). */
function passwordToChange({ message }: SshError): string[] {
  return /could not go on: (the password has expired)$/.exec(message)?.slice(1) ?? [];
}

/** What sshd says about an account arrives as a notice before the refusal. */
export function withNotice(
  finding: Finding,
  error: SshError,
  notices: readonly Notice[],
  { words, target }: Visit,
): Finding {
  const isJump = isAtJump(error, target);
  // A notice of a server on the way that let us in says nothing about the one that did not.
  const told = notices.filter(({ hop }) => hop === (isJump ? error.hop : undefined)).map((one) => one.said);
  const said = [...passwordToChange(error), ...told];
  if (said.length === 0 || !finding.code?.startsWith('SSH_AUTH')) return finding;
  const notice = said.find((one) => barred.test(one) && !legal.test(one));
  if (notice === undefined) return { ...finding, todo: `${words.notice(said.join(' '))} ${finding.todo}` };
  const { says, todo } = (isJump ? words.atJump : words.failures).accountRefused;
  const facts = { ...factsOf('accountRefused', error, target, words), said: notice };
  const ofAccount = typeof todo === 'string' ? todo : todo(facts);
  const advice = ofPassword.test(notice) ? words.exec.passwordExpiredTodo : ofAccount;
  return {
    ...finding,
    kind: 'accountRefused',
    says: withFault(says(facts), 'accountRefused', isJump, words),
    todo: `${advice} ${words.logs}`,
  };
}
