import { setImmediate as turn } from 'node:timers/promises';
import { connectPhases } from '../../errors/phases.ts';
import { openKeyFiles } from '../../ssh2/login/open-key-files.ts';
import { printable } from '../../text/printable.ts';
import { sleep } from '../../time/timer.ts';
import {
  type Connection,
  type ConnectOptions,
  connectViaGateway,
  isSshError,
  type PhaseTimings,
  type SshError,
} from '../library.ts';
import { inWords } from '../report/times.ts';
import { isAtJump } from './kind-of.ts';
import { examineName } from './names.ts';
import { type Notice, oneLine, withNotice } from './notices.ts';
import { type NewRecord, watchRecord } from './recorded.ts';
import type { Finding, Step, StepName } from './steps.ts';
import type { Visit } from './visit.ts';

interface Arrived {
  found: Step[];
  connection?: Connection;
}

/** From the name to the login: one connection, whose phases show where it ended. */
export async function examineConnection(visit: Visit): Promise<Arrived> {
  const dns: Step = { name: 'dns', ...(await examineName(visit)) };
  if (dns.verdict === 'fail') return { found: [dns] };
  const notices: Notice[] = [];
  const newRecord = await watchRecord(visit.options);
  try {
    const connection = await connectViaGateway({
      ...visit.options,
      onLoginBanner: (notice, hop) => notices.push({ said: oneLine(notice), hop }),
    });
    visit.measure(connection.timings);
    const record = await newRecord();
    const recordedIn = record?.fingerprint === connection.hostKeyFingerprint ? record.file : undefined;
    return { found: [dns, ...(await arrival(connection, visit, recordedIn))], connection };
  } catch (error) {
    if (!isSshError(error)) throw error;
    // The library reports a notice one turn later.
    await turn();
    return { found: [dns, ...failure(error, visit, notices, await lateRecord(newRecord))] };
  }
}

/** The key is recorded while the login goes on, and a refusal may come first. */
async function lateRecord(newRecord: () => Promise<NewRecord | undefined>): Promise<NewRecord | undefined> {
  for (let looks = 0; looks < 10; looks++) {
    const record = await newRecord();
    if (record) return record;
    await sleep(20);
  }
  return undefined;
}

type TimedStep = (typeof connectPhases)[number]['step'];

const timedSteps = [...new Set(connectPhases.map(({ step }) => step))];

/** How long the phases of a step took together; undefined until all are over. */
function timeOf(timings: PhaseTimings, step: TimedStep): number | undefined {
  const each = connectPhases.filter((phase) => phase.step === step).map(({ name }) => timings[name]);
  return each.reduce((sum, ms) => (sum === undefined || ms === undefined ? undefined : sum + ms), 0);
}

async function arrival(
  connection: Connection,
  visit: Visit,
  recordedIn: string | undefined,
): Promise<Step[]> {
  const { timings, serverVersion, hostKeyFingerprint } = connection;
  const [tcp, banner, keys, login] = timedSteps.map((name) => reached(name, timings, visit));
  return [
    onSlowLine(tcp!, visit),
    { ...banner!, says: serverVersion, facts: { serverVersion } },
    keys!,
    hostKeyStep(visit, hostKeyFingerprint, recordedIn),
    await withOpenKeys(login!, visit),
  ];
}

function hostKeyStep({ options, words }: Visit, fingerprint: string, recordedIn: string | undefined): Step {
  const { arrival } = words;
  const facts = { fingerprint, ...(recordedIn === undefined ? {} : { recordedIn }) };
  if (options.hostKey === 'insecure-accept-any') {
    const [says, todo] = [arrival.unchecked(fingerprint), arrival.uncheckedTodo(fingerprint)];
    return { name: 'hostKey', verdict: 'warn', says, todo, facts };
  }
  const says =
    recordedIn === undefined
      ? arrival.right(fingerprint)
      : arrival.recorded(fingerprint, printable(recordedIn));
  return { name: 'hostKey', verdict: 'ok', says, facts };
}

/** The library uses a private key that others may read; `ssh` would not. */
async function withOpenKeys(login: Step, { options, words }: Visit): Promise<Step> {
  const [file] = await openKeyFiles(options.privateKeyPath);
  if (file === undefined) return login;
  const shown = printable(file);
  const { openKey, openKeyTodo } = words.arrival;
  return { ...login, verdict: 'warn', says: openKey(login.says, shown), todo: openKeyTodo(shown) };
}

/** Milliseconds of a round trip beyond which a warning is due. */
const slowLine = 1_000;

function onSlowLine(step: Step, { roundTrip, words }: Visit): Step {
  if (roundTrip < slowLine) return step;
  const says = words.arrival.slowLine(step.says, inWords(roundTrip));
  const facts = { roundTripMs: Math.round(roundTrip) };
  return { ...step, verdict: 'warn', says, todo: words.arrival.slowLineTodo, facts };
}

/** If the key exchange was slow already, the network may be the reason for silence in the login, too. */
function onSlowWay(finding: Finding, { handshake = 0 }: PhaseTimings, { words }: Visit): Finding {
  if (finding.kind !== 'loginSilent' || handshake < slowLine) return finding;
  return { ...finding, todo: `${words.arrival.perhapsSlow(inWords(handshake))} ${finding.todo}` };
}

/** Milliseconds beyond which a phase that works deserves a warning. */
const slow = 5_000;

function reached(name: TimedStep, timings: PhaseTimings, { options, words, roundTrip }: Visit): Step {
  const ms = timeOf(timings, name);
  const says = wordsFor(name, options, words);
  // What the slow line alone explains is only reported once.
  if (ms === undefined || ms < Math.max(slow, 5 * roundTrip)) return { name, verdict: 'ok', says, ms };
  return { name, verdict: 'warn', says: words.arrival.slowly(says), todo: words.arrival.slowlyTodo, ms };
}

function wordsFor(
  name: TimedStep,
  { host, port = 22, username, via }: ConnectOptions,
  { arrival }: Visit['words'],
): string {
  const at = `${host}:${port}`;
  if (name === 'tcp') return via === undefined ? arrival.tcp(at) : arrival.tcpByRoute(at);
  return name === 'login' ? arrival.login(username) : arrival[name];
}

/** The steps that were reached, and the one that failed. */
function failure(
  error: SshError,
  visit: Visit,
  notices: readonly Notice[],
  record: NewRecord | undefined,
): Step[] {
  if (isOnTheWay(error, visit)) return [onTheWay(error, notices, visit)];
  const timings: PhaseTimings = error.attempts?.at(-1)?.timings ?? { total: 0 };
  const finding = onSlowWay(withNotice(visit.finding(error), error, notices, visit), timings, visit);
  const failed = stepOf(error, finding);
  const done: Step[] = [];
  for (const name of timedSteps) {
    if (name === failed || timeOf(timings, name) === undefined) break;
    if (failed === 'hostKey' && name === 'login') break;
    done.push(reached(name, timings, visit));
  }
  const spent = done.reduce((sum, { ms = 0 }) => sum + ms, 0);
  const { arrival } = visit.words;
  if (failed === 'hostKey' && done.at(-1)?.name !== 'keys')
    done.push({ name: 'keys', verdict: 'ok', says: arrival.keys });
  if (failed === 'login') {
    const says = record ? arrival.recorded(record.fingerprint, printable(record.file)) : arrival.hostKeyRight;
    done.push({ name: 'hostKey', verdict: 'ok', says });
  }
  const ms = Math.max(0, timings.total - spent);
  return [...done, { name: failed, ...finding, ms }];
}

/** A failure in any phase of a jump host counts as a route that cannot be opened. */
function isOnTheWay(error: SshError, { target }: Visit): boolean {
  return error.phase === 'route' || isAtJump(error, target);
}

function onTheWay(error: SshError, notices: readonly Notice[], visit: Visit): Step {
  const seen = visit.finding(error, error.attempts?.at(-1)?.timings.total);
  const finding = withNotice(seen, error, notices, visit);
  const hop = error.hop === undefined ? undefined : visit.words.hop(error.hop);
  const isNamed = hop === undefined || finding.says.includes(hop);
  const facts = error.hop === undefined ? {} : { facts: { hop: error.hop } };
  return {
    name: 'tcp',
    ...finding,
    says: isNamed ? finding.says : `${hop}: ${finding.says}`,
    ...facts,
  };
}

function stepOf({ phase, code }: SshError, { kind }: Finding): StepName {
  if (code.startsWith('SSH_HOST_KEY_') || kind?.startsWith('knownHosts') || kind === 'badCertificate')
    return 'hostKey';
  if (phase === 'route') return 'tcp';
  return connectPhases.find(({ name }) => name === phase)?.step ?? 'login';
}
