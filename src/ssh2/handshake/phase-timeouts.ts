import {
  AuthTimeout,
  BannerTimeout,
  HandshakeTimeout,
  type SshTimeout,
  type StreamPhase,
} from '../../errors/index.ts';
import { printable, quoted } from '../../text/printable.ts';
import type { Situation } from '../transport/classify.ts';

export type TimedPhase = StreamPhase;

/** The error of a phase that took too long. */
export function phaseTimeout(phase: TimedPhase, timeoutMs: number, situation: Situation): SshTimeout {
  const { host, port, hop, saidBefore } = situation;
  const details = { phase, host, port, hop, timeoutMs, retryable: true };
  const at = `${host}:${port}`;
  const late = `within ${timeoutMs} ms`;
  const option = `(option timeouts.${phase})`;
  switch (phase) {
    case 'banner': {
      const hasSpoken = saidBefore.length > 0;
      const said = hasSpoken ? ` (it said ${quoted(saidBefore, 120)})` : '';
      return new BannerTimeout(
        `${at} accepted the connection, but sent no SSH identification line ${late}${said} ${option}`,
        {
          ...details,
          received: hasSpoken ? printable(saidBefore, 300) : undefined,
          hint: hasSpoken
            ? 'It speaks, but not SSH, or very slowly. Is it the right port?'
            : "At a published port this is a zombie: the PC is gone, and the gateway's sshd has not noticed. It frees the port after about (ClientAliveCountMax + 1) x ClientAliveInterval in which nobody connects; retries that come faster keep it alive.",
        },
      );
    }
    case 'handshake':
      return new HandshakeTimeout(`${at} identified itself, but keys were not exchanged ${late} ${option}`, {
        ...details,
        hint: 'The server is overloaded, the tunnel died just now, or the check of its host key (hostKey.verify) did not answer.',
      });
    case 'auth':
      return new AuthTimeout(`${at} did not finish the login ${late} ${option}`, {
        ...details,
        hint: 'The server is slow to check the login (a directory service, DNS), an agent does not answer, or the tunnel died just now.',
      });
  }
}
