import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { isSshError, type SshError } from '../../errors/index.ts';
import type { ForwardTarget } from '../../forward/types.ts';
import { printable } from '../../text/printable.ts';
import { type FirstWords, readBanner } from '../banner-probe.ts';
import { checkByHelper } from '../holder/helper.ts';
import type { CheckResult, GatewayConnection } from '../types.ts';

/** Milliseconds for the banner's way: gateway, tunnel, target and back. */
const checkTimeout = 10_000;

export interface CheckReport {
  result: CheckResult;
  message: string;
}

/**
 * Takes the whole way that a worker's connection takes: from the gateway to the published port, through the tunnel to
 * the target, and back. While the tunnel is up the port is ours, so no other session is touched. On a gateway that
 * forbids connections to its own ports, the helper can test the port instead.
 */
export async function checkTunnel(
  connection: Pick<GatewayConnection, 'exec' | 'openStream'>,
  published: ForwardTarget,
  target: ForwardTarget,
  signal: AbortSignal,
): Promise<CheckReport> {
  let stream: Duplex;
  try {
    stream = await connection.openStream(published, { signal, timeout: checkTimeout });
  } catch (error) {
    if (signal.aborted || !isSshError(error)) throw error;
    const report = openFailed(error);
    if (report.result !== 'unavailable' || published.port === undefined) return report;
    const seen = await checkByHelper(connection, published.port, signal);
    return seen ? await verdictOf(seen, { target, signal }) : report;
  }
  return verdictOf(await readBanner(stream, checkTimeout, signal), { target, signal });
}

async function verdictOf(
  answer: FirstWords,
  { target, signal }: { target: ForwardTarget; signal: AbortSignal },
): Promise<CheckReport> {
  if (answer.kind === 'banner') return { result: 'ok', message: `answered ${printable(answer.banner)}` };
  return judge(answer, await askTarget(target, signal));
}

function openFailed(error: SshError): CheckReport {
  const { code, message } = error;
  if (code === 'SSH_CHANNEL_TIMEOUT') return { result: 'broken', message };
  if (code !== 'SSH_CHANNEL_OPEN_FAILED') throw error;
  const forbidden = (error as { reasonCode?: number }).reasonCode === 1;
  return forbidden
    ? { result: 'unavailable', message: 'the gateway forbids connections to its own ports' }
    : { result: 'broken', message };
}

/** The port sent no banner: the tunnel is at fault only if the target sends one when asked directly. */
function judge(throughPort: FirstWords, direct: FirstWords): CheckReport {
  const what = throughPort.kind === 'silent' ? 'stayed silent' : 'closed without a banner';
  return direct.kind === 'banner'
    ? { result: 'broken', message: `the published port ${what}, but the target answers` }
    : {
        result: 'target-down',
        message: `the target does not answer (${direct.kind === 'silent' ? 'silent' : 'refused or closed'})`,
      };
}

/** Asks the target directly for its banner. */
export function askTarget(
  target: ForwardTarget,
  signal?: AbortSignal,
  timeout = checkTimeout,
): Promise<FirstWords> {
  const socket =
    target.socketPath === undefined
      ? connect({ host: target.host, port: target.port })
      : connect({ path: target.socketPath });
  return readBanner(socket, timeout, signal);
}
