/** What the hint of a refused login is made from. */
interface TriedLogin {
  methodsTried: readonly string[];
  loginNotes?: readonly string[];
  partialSuccess?: boolean;
}

/** The most likely reason for a refused login, and what to do. */
export function authHint(
  { methodsTried: tried, loginNotes = [], partialSuccess = false }: TriedLogin,
  offered: readonly string[] | undefined,
  reason: string | undefined,
): string {
  if (reason && /too many/i.test(reason)) {
    if (!tried.some((label) => label.startsWith('publickey')))
      return 'The server allows only a few attempts (MaxAuthTries, 6 by default): is this the account and its password? Not retried: sshd punishes repeated failures.';
    const whose = tried.some((label) => label.startsWith('publickey (agent')) ? 'the agent has' : 'there are';
    return `The server accepts only a few keys (MaxAuthTries, 6 by default), and ${whose} more: give the right one alone as privateKeyPath.`;
  }
  const usable = offered?.some((method) => tried.some((label) => label.startsWith(method)));
  if (partialSuccess)
    return `Part of the login was accepted; the server requires more (a second factor): ${(offered ?? []).join(', ')}.`;
  if (offered && !usable) {
    const onlyAgent = offered.includes('publickey') && tried.some((label) => label.startsWith('agent ('));
    return onlyAgent
      ? 'There was only the agent to log in with, and it gave no key: is it the right one (SSH_AUTH_SOCK, IdentityAgent), and does it run?'
      : loginNotes.join(' ') || 'No credentials were given for any of the methods that the server accepts.';
  }
  if (loginNotes.length > 0) return loginNotes.join(' ');
  return "Wrong account, or its authorized_keys lacks this key (on Windows, administrators' keys are in ProgramData\\ssh\\administrators_authorized_keys). Not retried: sshd punishes repeated failures.";
}
