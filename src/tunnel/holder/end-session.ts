import { assign, type NoAnswer, runScript } from '../script/gateway-script.ts';
import * as scripts from '../script/scripts.generated.ts';
import type { GatewayConnection } from '../types.ts';
import type { SessionId } from './answers.ts';

/** Tenths of a second that a session is given to end after SIGTERM, and again after SIGKILL. */
const patience = 10;

/** `gone`: it had ended on its own. */
type EndResult = 'ended' | 'gone' | 'survived' | NoAnswer;

/**
 * Ends one sshd process on the gateway as the logged-in account: SIGTERM, then SIGKILL. The same script verifies the
 * process by pid, start time and name immediately before; the kernel verifies the user.
 */
export async function endSession(
  connection: Pick<GatewayConnection, 'exec'>,
  { pid, start }: Pick<SessionId, 'pid' | 'start'>,
  signal?: AbortSignal,
): Promise<EndResult> {
  if (!Number.isInteger(pid) || pid <= 1 || !/^\d+$/.test(start)) return 'gone';
  const answer = await runScript(
    connection,
    [assign({ victim: pid, born: start, patience }), scripts.process, scripts.endSession],
    signal,
  );
  if (typeof answer === 'string') return answer;
  const result = answer.get('result')?.[0]?.[0];
  if (result === 'ended' || result === 'survived' || result === 'gone') return result;
  return 'no-shell';
}
