import { given } from '../../check/given.ts';
import type { SshError } from '../library.ts';
import { inOurWords } from '../report/library-words.ts';
import { factsOf } from './facts.ts';
import { isAtJump, kindOf, type LoginTarget } from './kind-of.ts';
import { type FailureKind, type JumpKind, traitsOf } from './kinds.ts';
import type { Finding } from './steps.ts';
import type { Words } from './words/words.ts';

/** An error as a finding: which failure it is, in words, and what to do. */
export function findingOf(error: SshError, target: LoginTarget, words: Words, ms?: number): Finding {
  return findingOfKind(kindOf(error, target), error, target, words, ms);
}

export function findingOfKind(
  kind: FailureKind,
  error: SshError,
  target: LoginTarget,
  words: Words,
  ms?: number,
): Finding {
  const facts = factsOf(kind, error, target, words);
  const isJump = isAtJump(error, target);
  const { logs, hint, atJump } = traitsOf(kind);
  const { says, todo } = isJump && atJump ? words.atJump[kind as JumpKind] : words.failures[kind];
  const advice = typeof todo === 'string' ? todo : todo(facts);
  return {
    verdict: 'fail',
    says: withFault(says(facts), kind, isJump, words),
    todo: logs ? `${advice} ${words.logs}` : advice,
    ...(error.hint === undefined || !hint ? {} : { hint: inOurWords(error.hint, isJump) }),
    code: error.code,
    kind,
    ...given({ ms }),
  };
}

/** Whose fault it is comes last, in the same words whatever the jump host did. */
export function withFault(says: string, kind: FailureKind, isJump: boolean, words: Words): string {
  const isTheirs = traitsOf(kind).theirs && (isJump || onlyThere.has(kind));
  return isTheirs ? words.notThePc(says) : says;
}

/** Failures that only occur at a jump host, or on the way to the next one. */
const onlyThere: ReadonlySet<FailureKind> = new Set([
  'gatewaySilent',
  'gatewayRefuses',
  'nextJumpRefuses',
  'gatewayForbids',
  'muteGateway',
  'closedGateway',
]);
