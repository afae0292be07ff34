import { phaseTimeout, type SshTimeout, type StreamPhase } from '../../errors/index.ts';
import { printable, quoted } from '../../text/printable.ts';
import type { Situation } from '../transport/classify.ts';

/** The error of a phase over the open stream that took too long. */
export function streamTimeout(
  phase: StreamPhase,
  timeoutMs: number,
  { host, port, hop, saidBefore }: Situation,
): SshTimeout {
  const details = { host, port, hop, timeoutMs };
  if (phase !== 'banner' || saidBefore.length === 0) return phaseTimeout(phase, details);
  return phaseTimeout(phase, {
    ...details,
    aside: ` (it said ${quoted(saidBefore, 120)})`,
    received: printable(saidBefore, 300),
    hint: 'It speaks, but not SSH, or very slowly. Is it the right port?',
  });
}
