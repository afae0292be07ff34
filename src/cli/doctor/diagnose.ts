import { given } from '../../check/given.ts';
import { printable } from '../../text/printable.ts';
import type { SshError } from '../library.ts';
import { inOurWords } from '../report/library-words.ts';
import { type ErrorDetails, kindOf, type Target } from './kind-of.ts';
import { type FailureKind, traitsOf } from './kinds.ts';
import type { Finding } from './steps.ts';
import type { FailureFacts, Words } from './words/words.ts';

/** An error as a finding: which failure it is, in words, and what to do. */
export function findingOf(error: SshError, target: Target, words: Words, ms?: number): Finding {
  return findingOfKind(kindOf(error, target), error, target, words, ms);
}

export function findingOfKind(
  kind: FailureKind,
  error: SshError,
  target: Target,
  words: Words,
  ms?: number,
): Finding {
  const facts = factsOf(kind, error, target);
  const { says, todo } = words.failures[kind];
  const advice = typeof todo === 'string' ? todo : todo(facts);
  return {
    verdict: 'fail',
    says: says(facts),
    todo: traitsOf(kind).logs ? `${advice} ${words.logs}` : advice,
    ...(error.hint === undefined || !traitsOf(kind).hint ? {} : { hint: inOurWords(error.hint) }),
    code: error.code,
    kind,
    ...given({ ms }),
  };
}

function factsOf(kind: FailureKind, error: SshError, target: Target): FailureFacts {
  const { host = target.host, port = target.port, hop } = error;
  const details = error as SshError & ErrorDetails;
  const { fingerprint = '', knownAs = '', file, line, methodsTried = [], methodsOffered = [] } = details;
  const at = line === undefined ? '' : `, line ${line}`;
  return {
    host: printable(host),
    port,
    fingerprint,
    knownAs,
    username: printable(target.username, 100),
    at: hop ?? `${printable(host)}:${port}`,
    record: file === undefined ? '' : ` (${printable(file)}${at})`,
    tried: methodsTried.join(', ') || '-',
    offered: methodsOffered.join(', ') || '-',
    said: saidOf(kind, details),
  };
}

/** The words of the server where they are what counts, else those of the error. */
function saidOf(kind: FailureKind, { message, received, reason }: SshError & ErrorDetails): string {
  if (kind === 'keysRefused' || kind === 'sftpRefused') return inOurWords(reason ?? message);
  if (received === undefined) return inOurWords(message);
  return received.split('\\r\\n')[0]!.slice(0, 120);
}
