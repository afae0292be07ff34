import { printable } from '../../text/printable.ts';
import type { SshError } from '../library.ts';
import { inOurWords } from '../report/library-words.ts';
import { type ErrorDetails, isAtJump, type LoginTarget } from './kind-of.ts';
import type { FailureKind } from './kinds.ts';
import { serviceOf } from './services.ts';
import type { FailureFacts, Words } from './words/words.ts';

/** The facts of a failure at the target of which nothing is known but a text. */
export function plainFacts({ host, port, username }: LoginTarget, said = ''): FailureFacts {
  const shown = printable(host);
  return {
    host: shown,
    port,
    username: printable(username, 100),
    at: `${shown}:${port}`,
    said,
    service: '',
    fingerprint: '',
    keyFile: keyFileOf(''),
    knownAs: '',
    recordName: '',
    alias: '',
    record: '',
    tried: '-',
    offered: '-',
  };
}

/** The facts of an error. */
export function factsOf(kind: FailureKind, error: SshError, target: LoginTarget, words: Words): FailureFacts {
  const { host = target.host, port = target.port, hop } = error;
  const details = error as SshError & ErrorDetails;
  const { fingerprint = '', keyType = '', knownAs = '', file, line } = details;
  const { methodsTried = [], methodsOffered = [] } = details;
  const facts = plainFacts({ host, port, username: target.username }, saidOf(kind, details, target));
  const [, recordName = ''] = / has a key for (.+)$/.exec(error.message) ?? [];
  return {
    ...facts,
    service: serviceOf(details.received ?? ''),
    at: hop === undefined ? facts.at : words.hop(hop),
    fingerprint,
    keyFile: keyFileOf(keyType),
    knownAs,
    recordName,
    alias: [facts.host, `[${facts.host}]:${port}`].includes(recordName) ? '' : recordName,
    record: file === undefined ? '' : ` (${words.record(printable(file), line)})`,
    tried: methodsTried.filter((one) => one !== 'none').join(', ') || '-',
    offered: methodsOffered.join(', ') || '-',
  };
}

/** The name that sshd gives the file, in whichever folder. */
function keyFileOf(keyType: string): string {
  const kind = /ecdsa|rsa/.exec(keyType)?.[0] ?? 'ed25519';
  return `ssh_host_${kind}_key.pub`;
}

/** The server's words if they are what matters, otherwise the error's message. */
function saidOf(kind: FailureKind, error: SshError & ErrorDetails, target: LoginTarget): string {
  const { message, received, reason } = error;
  const isJump = isAtJump(error, target);
  if (kind === 'keysRefused' || kind === 'sftpRefused') return inOurWords(reason ?? message, isJump);
  if (received === undefined || kind === 'proxyCommandFailed') return inOurWords(message, isJump);
  return received.split('\\r\\n')[0]!.replace(/\\n$/, '').slice(0, 120);
}
