import { WildcardMatcher } from '../../host-key/wildcard.ts';
import type { Setting } from './parse.ts';

/** What `Host` and `Match` are compared with. */
export interface Subject {
  /** The name that was asked for. */
  readonly alias: string;
  /** HostName as far as it is known at this point. */
  readonly host: string;
  /** User as far as it is known at this point. */
  readonly user: string;
  readonly localUser: string;
  /** Whether this is the second pass, which `Match final` requests. */
  readonly final: boolean;
  /** Called to request a second pass. */
  askForFinal(): void;
}

/** Whether a section applies. @throws {TypeError} for an unsupported criterion. */
export function holds(condition: Setting, subject: Subject, path: string): boolean {
  if (condition.keyword === 'host') {
    return matchesAny(condition.words, subject.final ? subject.host : subject.alias);
  }
  return matchHolds(condition.words, subject, path);
}

const withoutArgument = ['all', 'canonical', 'final'];

function matchHolds(words: readonly string[], subject: Subject, path: string): boolean {
  let result = true;
  for (let at = 0; at < words.length; ) {
    const negated = words[at]!.startsWith('!');
    const criterion = words[at]!.slice(negated ? 1 : 0).toLowerCase();
    const takesArgument = !withoutArgument.includes(criterion);
    const argument = takesArgument ? words[at + 1] : '';
    if (argument === undefined)
      throw new TypeError(`fromSshConfig: ${path}: Match ${criterion} has no value`);
    at += takesArgument ? 2 : 1;
    // OpenSSH does not run a command for a section that is ruled out already, so it is not an error either.
    if (!result && criterion !== 'final') continue;
    if (judge(criterion, argument, subject, path) === negated) result = false;
  }
  return result;
}

function judge(criterion: string, argument: string, subject: Subject, path: string): boolean {
  const patterns = argument.split(',');
  switch (criterion) {
    case 'all':
      return true;
    case 'final':
      subject.askForFinal();
      return subject.final;
    case 'canonical':
      return subject.final;
    // Case-insensitive here, though not in a Host line.
    case 'host':
      return matchesAny(argument.toLowerCase().split(','), subject.host.toLowerCase());
    case 'originalhost':
      return matchesAny(argument.toLowerCase().split(','), subject.alias.toLowerCase());
    case 'user':
      return matchesAny(patterns, subject.user);
    case 'localuser':
      return matchesAny(patterns, subject.localUser);
    default:
      throw new TypeError(
        `fromSshConfig: ${path}: "Match ${criterion}" is not supported; supported are all, host, originalhost, ` +
          'user, localuser, canonical and final',
      );
  }
}

/** A `!pattern` that matches excludes, whatever else is listed. */
function matchesAny(patterns: readonly string[], text: string): boolean {
  const matcher = new WildcardMatcher(text);
  const negated = patterns.filter((pattern) => pattern.startsWith('!'));
  if (negated.some((pattern) => matcher.matches(pattern.slice(1)))) return false;
  return patterns.some((pattern) => !pattern.startsWith('!') && matcher.matches(pattern));
}
