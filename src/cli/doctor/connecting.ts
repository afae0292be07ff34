import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { printable } from '../../text/printable.ts';
import { now, sleep } from '../../time/timer.ts';
import {
  type Connection,
  type ConnectOptions,
  connectViaGateway,
  isSshError,
  type PhaseTimings,
  type SshError,
} from '../library.ts';
import { findingOf } from './advice.ts';
import type { Finding, Step, StepName } from './steps.ts';

export interface Arrived {
  found: Step[];
  connection?: Connection;
}

/** From the name to the login: one connection, whose phases tell where it ended. */
export async function examineConnection(options: ConnectOptions): Promise<Arrived> {
  const dns = await examineName(options);
  if (dns.verdict === 'fail') return { found: [{ name: 'dns', ...dns }] };
  try {
    const connection = await connectViaGateway(options);
    return { found: [{ name: 'dns', ...dns }, ...arrival(connection, options)], connection };
  } catch (error) {
    if (!isSshError(error)) throw error;
    return { found: [{ name: 'dns', ...dns }, ...failure(error, options)] };
  }
}

/** Longer than any name server should take, and than the resolver's own patience. */
const dnsTimeout = 15_000;

async function examineName({ host, via, signal }: ConnectOptions): Promise<Finding> {
  if (via !== undefined) return { verdict: 'skipped', says: 'the route finds the way, not this machine' };
  if (isIP(host)) return { verdict: 'ok', says: `${host} is an address: nothing to look up` };
  const started = now();
  const limit = new AbortController();
  const tooLong = sleep(dnsTimeout, signal ? AbortSignal.any([signal, limit.signal]) : limit.signal);
  try {
    const found = await Promise.race([lookup(host, { all: true }), tooLong.then(() => undefined)]);
    if (!found) return unknownName(host, 'ETIMEDOUT', now() - started);
    const addresses = found.map(({ address }) => address);
    return {
      verdict: 'ok',
      says: `${host} is ${addresses.join(', ')}`,
      ms: now() - started,
      facts: { addresses },
    };
  } catch (error) {
    signal?.throwIfAborted();
    return unknownName(host, (error as NodeJS.ErrnoException).code ?? '', now() - started);
  } finally {
    tooLong.catch(() => {});
    limit.abort();
  }
}

function unknownName(host: string, why: string, ms: number): Finding {
  const isSure = why === 'ENOTFOUND';
  return {
    verdict: 'fail',
    says: isSure ? `the name ${printable(host)} has no address` : `the name server does not answer (${why})`,
    todo: isSure
      ? 'Look at its spelling; some names exist only inside a VPN.'
      : 'Look at the network of this machine and at its name servers.',
    code: 'SSH_HOST_NOT_FOUND',
    ms,
  };
}

const phases = ['tcp', 'banner', 'keys', 'login'] as const;
type TimedStep = (typeof phases)[number];

/** What the library calls the phase of each step. */
const timingOf = { tcp: 'tcp', banner: 'banner', keys: 'handshake', login: 'auth' } as const;

function arrival(connection: Connection, options: ConnectOptions): Step[] {
  const { timings, serverVersion, hostKeyFingerprint } = connection;
  const [tcp, banner, keys, login] = phases.map((name) => reached(name, timings, options));
  return [
    tcp!,
    { ...banner!, says: serverVersion, facts: { serverVersion } },
    keys!,
    hostKeyStep(options, hostKeyFingerprint),
    login!,
  ];
}

function hostKeyStep({ hostKey }: ConnectOptions, fingerprint: string): Step {
  const facts = { fingerprint };
  if (hostKey === 'insecure-accept-any') {
    const todo = `Anybody on the way can read and change everything. Give --host-key ${fingerprint} instead, if that is right.`;
    return { name: 'hostKey', verdict: 'warn', says: `${fingerprint}, not checked`, todo, facts };
  }
  return { name: 'hostKey', verdict: 'ok', says: `${fingerprint}, as it should be`, facts };
}

/** Milliseconds beyond which a phase works, but is worth a word. */
const slow = 5_000;

function reached(name: TimedStep, timings: PhaseTimings, options: ConnectOptions): Step {
  const ms = timings[timingOf[name]];
  const says = wordsFor(name, options);
  if (ms === undefined || ms < slow) return { name, verdict: 'ok', says, ms };
  const todo =
    'It works, but slowly: the PC is busy or just starting, its line is slow, or sshd waits for a name server.';
  return { name, verdict: 'warn', says: `${says}, but slowly`, todo, ms };
}

function wordsFor(name: TimedStep, { host, port = 22, username, via }: ConnectOptions): string {
  const words = {
    tcp: via === undefined ? `${host}:${port} accepted` : `reached ${host}:${port} by the route`,
    banner: 'an SSH server answered',
    keys: 'keys are agreed',
    login: `logged in as ${username}`,
  };
  return words[name];
}

/** The steps that were reached, and the one that failed. */
function failure(error: SshError, options: ConnectOptions): Step[] {
  const failed = stepOf(error);
  const timings = error.attempts?.at(-1)?.timings ?? { total: 0 };
  const done: Step[] = [];
  for (const name of phases) {
    if (name === failed || timings[timingOf[name]] === undefined) break;
    if (failed === 'hostKey' && name === 'login') break;
    done.push(reached(name, timings, options));
  }
  const spent = done.reduce((sum, { ms = 0 }) => sum + ms, 0);
  if (failed === 'hostKey' && done.at(-1)?.name !== 'keys')
    done.push({ name: 'keys', verdict: 'ok', says: 'keys are agreed' });
  if (failed === 'login') done.push({ name: 'hostKey', verdict: 'ok', says: 'as it should be' });
  const hop = error.hop ? `${error.hop}: ` : '';
  const finding = findingOf(error, Math.max(0, timings.total - spent));
  return [...done, { name: failed, ...finding, says: `${hop}${finding.says}` }];
}

function stepOf({ phase, code }: SshError): StepName {
  if (code.startsWith('SSH_HOST_KEY_')) return 'hostKey';
  if (phase === 'banner') return 'banner';
  if (phase === 'handshake') return 'keys';
  return phase === 'route' || phase === 'tcp' ? 'tcp' : 'login';
}
