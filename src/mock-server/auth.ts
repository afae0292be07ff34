import { timingSafeEqual } from 'node:crypto';
import type { AuthContext, AuthenticationType, KeyboardAuthContext, PublicKeyAuthContext } from 'ssh2';
import type { MockAccount } from './settings.ts';
import type { MockAuthMethod } from './types.ts';
import type { ServerConnection } from './wire/connection.ts';

/** How far a client has got with its login. */
interface Progress {
  failures: number;
  passed: MockAuthMethod[];
}

/** Answers every authentication request on a connection. */
export function serveAuthentication(connection: ServerConnection): (context: AuthContext) => void {
  const progress: Progress = { failures: 0, passed: [] };
  return (context) => {
    connection.reach('auth');
    const { delayMs, hang, disconnect } = connection.faults.auth ?? {};
    if (hang) return;
    // Never end a connection in the turn in which ssh2 called us: it is in the middle of a packet.
    if (disconnect) setImmediate(() => endInLogin(connection, disconnect));
    else if (delayMs) connection.later(delayMs, () => attempt(connection, context, progress));
    else attempt(connection, context, progress);
  };
}

function endInLogin(connection: ServerConnection, how: 'fin' | 'rst' | 'message'): void {
  if (how === 'message') connection.disconnect({ code: 2, message: 'Too many authentication failures' });
  else connection.cut(how);
}

function attempt(connection: ServerConnection, context: AuthContext, progress: Progress): void {
  const account = findAccount(connection, context.username);
  const isItsTurn = !account?.requires || account.requires[progress.passed.length] === context.method;
  const mayEnter = account && isItsTurn && !connection.faults.auth?.refuse;
  if (!mayEnter) return answer(connection, context, account, progress, false);
  const decide = (isRight: boolean) => answer(connection, context, account, progress, isRight);
  switch (context.method) {
    case 'password':
      return decide(account.password !== undefined && isSame(context.password, account.password));
    case 'publickey':
      return checkKey(connection, context, account, decide);
    case 'keyboard-interactive':
      return ask(connection, context, account, decide);
    default:
      return decide(false);
  }
}

/** A key is first offered without a signature; if it is acceptable, the client is asked to sign. */
function checkKey(
  connection: ServerConnection,
  context: PublicKeyAuthContext,
  account: MockAccount,
  decide: (isRight: boolean) => void,
): void {
  const key = account.keys.find((candidate) => candidate.getPublicSSH().equals(context.key.data));
  if (!key) return decide(false);
  if (!context.signature || !context.blob) return connection.whileAlive(() => context.accept());
  decide(key.verify(context.blob, context.signature, context.hashAlgo) === true);
}

function ask(
  connection: ServerConnection,
  context: KeyboardAuthContext,
  account: MockAccount,
  decide: (isRight: boolean) => void,
): void {
  const dialogue = account.keyboardInteractive;
  if (!dialogue) return decide(false);
  const prompts = dialogue.prompts.map((prompt) =>
    typeof prompt === 'string' ? { prompt, echo: false } : { echo: false, ...prompt },
  );
  connection.whileAlive(() =>
    context.prompt(prompts, (answers: string[] | Error) => {
      if (!Array.isArray(answers)) return;
      const isComplete = answers.length === dialogue.answers.length;
      decide(isComplete && answers.every((text, index) => isSame(text, dialogue.answers[index] ?? '')));
    }),
  );
}

function answer(
  connection: ServerConnection,
  context: AuthContext,
  account: MockAccount | undefined,
  progress: Progress,
  isRight: boolean,
): void {
  const { username, method } = context;
  const left = methodsLeft(account, progress, isRight ? (method as MockAuthMethod) : undefined);
  const isAccepted = isRight && left.length === 0;
  connection.note({ type: 'auth', username, method, accepted: isRight });
  if (isAccepted) {
    connection.username = username;
    return connection.whileAlive(() => context.accept());
  }
  // As in sshd, asking for the methods (`none`) is not a failure.
  if (!isRight && method !== 'none') progress.failures++;
  if (progress.failures >= connection.settings.maxAuthTries) {
    setImmediate(() => endInLogin(connection, 'message'));
    return;
  }
  connection.whileAlive(() => context.reject(left as AuthenticationType[], isRight));
}

/** The methods that can still be tried; none if the login is complete. `passed` is the one that has just succeeded. */
function methodsLeft(
  account: MockAccount | undefined,
  progress: Progress,
  passed: MockAuthMethod | undefined,
): MockAuthMethod[] {
  if (!account) return ['publickey', 'password'];
  const { requires } = account;
  if (!requires) return passed ? [] : account.methods;
  if (passed) progress.passed.push(passed);
  return requires.slice(progress.passed.length, progress.passed.length + 1);
}

function findAccount(connection: ServerConnection, username: string): MockAccount | undefined {
  const { accounts, windows } = connection.settings;
  return accounts.find((account) =>
    windows ? account.username.toLowerCase() === username.toLowerCase() : account.username === username,
  );
}

function isSame(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
