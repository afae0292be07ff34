import { phaseTimeout, type SshTimeout, type StreamPhase } from '../../errors/index.ts';
import { printable, quoted } from '../../text/printable.ts';
import type { Situation } from '../transport/classify.ts';

const agentHint =
  'The server waits as well. The agent may be asking somebody to confirm or touch a key (ssh-add -c, a security key), or hang: does ssh-add -l answer?';

/** The error of a phase on the open stream that took too long. */
export function streamTimeout(
  phase: StreamPhase,
  timeoutMs: number,
  { host, port, hop, program, saidBefore, waitsForAgent }: Situation,
): SshTimeout {
  const details = { host, port, hop, timeoutMs };
  if (phase === 'auth' && waitsForAgent)
    return phaseTimeout(phase, { ...details, aside: ': the agent has not answered', hint: agentHint });
  if (phase !== 'banner') return phaseTimeout(phase, details);
  if (saidBefore.length === 0)
    return phaseTimeout(phase, { ...details, ...(program && silentProgram(program)) });
  return phaseTimeout(phase, {
    ...details,
    aside: ` (it said ${quoted(saidBefore, 120)})`,
    received: printable(saidBefore, 300),
    hint: 'It speaks, but not SSH, or very slowly. Is it the right port?',
  });
}

function silentProgram(program: string) {
  return {
    late: `was not heard through ${program}`,
    hint: 'The command itself may be waiting, for its network or for a login of its own: run it by hand to see. Or what it reached is a published port whose PC is gone (a zombie), which the gateway notices only while nobody connects.',
  };
}
