import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { now } from '../../time/timer.ts';
import { plainFacts } from './facts.ts';
import type { Finding } from './steps.ts';
import type { Visit } from './visit.ts';

/** Longer than any name server should take, and than the resolver waits. */
const share = 1 / 4;

/** Whether the host has an address. */
export async function examineName(visit: Visit): Promise<Finding> {
  const { words, signal, options } = visit;
  const { host, via } = options;
  if (via !== undefined) return { verdict: 'skipped', says: words.arrival.dnsByRoute };
  if (isIP(host)) return { verdict: 'ok', says: words.arrival.dnsNotNeeded(host) };
  const started = now();
  try {
    const found = await visit.within(visit.limit(share), () => lookup(host, { all: true }));
    if (found === 'late') return unknownName(visit, 'ETIMEDOUT', now() - started);
    const addresses = found.map(({ address }) => address);
    const says = words.arrival.dnsFound(host, addresses.join(', '));
    return { verdict: 'ok', says, ms: now() - started, facts: { addresses } };
  } catch (error) {
    signal.throwIfAborted();
    return unknownName(visit, (error as NodeJS.ErrnoException).code ?? '', now() - started);
  }
}

function unknownName({ words, target }: Visit, why: string, ms: number): Finding {
  const kind = why === 'ENOTFOUND' ? 'nameUnknown' : 'nameServerSilent';
  const { says, todo } = words.failures[kind];
  return {
    verdict: 'fail',
    says: says(plainFacts(target, why)),
    todo: todo as string,
    code: 'SSH_HOST_NOT_FOUND',
    kind,
    ms,
  };
}
