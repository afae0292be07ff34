/** Limits of the phases of an attempt to connect, in milliseconds. `Infinity` turns one off. */
export interface PhaseLimits {
  /**
   * Until the byte stream is open: DNS and TCP, or the route. Default 30,000. Error: `TcpTimeout`. Does not apply to
   * jump hosts: they have their own `timeouts`.
   */
  tcp?: number | undefined;
  /** From there to the identification line `SSH-2.0-...`. Default 60,000. Error: `BannerTimeout`. */
  banner?: number | undefined;
  /** Key exchange, including the check of the host key. Default 30,000. Error: `HandshakeTimeout`. */
  handshake?: number | undefined;
  /** Login, not counting the time that `keyboardInteractive` takes. Default 30,000. Error: `AuthTimeout`. */
  auth?: number | undefined;
}

/** How long each completed phase took, in milliseconds. */
export interface PhaseTimings {
  /** Milliseconds to open the byte stream (TCP, or the whole route). */
  tcp?: number;
  /** Milliseconds from there to the identification line (`SSH-2.0-...`). */
  banner?: number;
  /** Milliseconds for the key exchange, including the check of the host key. */
  handshake?: number;
  /** Milliseconds for the login. */
  auth?: number;
  /** Milliseconds from the start to the end of the attempt. */
  total: number;
}

export type ConnectPhase = keyof PhaseLimits;

interface PhaseFacts {
  /** The default limit, in milliseconds. */
  timeout: number;
  /** What its error says about the server, between `host:port` and `within ... ms`. */
  late: string;
  /** The hint of that error. */
  hint: string;
  /** What the command line's help says about the limit. */
  lasts: string;
  /** Its step in `doctor`; several phases may share one. */
  step: 'tcp' | 'banner' | 'keys' | 'login';
  /** Whether it runs over the open byte stream, or before that is open. */
  over: 'network' | 'stream';
}

/**
 * The phases of an attempt to connect, in order. Types, limits, checks, the phase of errors, command-line options,
 * doctor's steps and the demo derive from this table: a new phase needs a row here, its two comments above, its error
 * class (`AuthTimeout` for `auth`, in timeouts.ts) and its code.
 */
const phases = {
  tcp: {
    timeout: 30_000,
    late: 'did not accept a TCP connection',
    hint: 'Nobody answered: the gateway is off, the network on the way is down, or a firewall drops the packets.',
    lasts: 'until TCP accepts, per attempt',
    step: 'tcp',
    over: 'network',
  },
  banner: {
    timeout: 60_000,
    late: 'accepted the connection, but sent no SSH identification line',
    hint: "At a published port this is a zombie: the PC is gone, and the gateway's sshd has not noticed. It frees the port after about (ClientAliveCountMax + 1) x ClientAliveInterval in which nobody connects; retries that come faster keep it alive.",
    lasts: 'from there to the identification line (SSH-2.0-...)',
    step: 'banner',
    over: 'stream',
  },
  handshake: {
    timeout: 30_000,
    late: 'identified itself, but keys were not exchanged',
    hint: 'The server is overloaded, the tunnel has just died, or the check of its host key (hostKey.verify) did not answer.',
    lasts: 'for the key exchange',
    step: 'keys',
    over: 'stream',
  },
  auth: {
    timeout: 30_000,
    late: 'did not finish the login',
    hint: 'The server is slow to check the login (a directory service, DNS), an agent does not answer, or the tunnel has just died.',
    lasts: 'for the login',
    step: 'login',
    over: 'stream',
  },
} as const satisfies Record<ConnectPhase, PhaseFacts> & Record<Exclude<keyof PhaseTimings, 'total'>, unknown>;

/** The phases that run over the open stream. */
export type StreamPhase = {
  [P in ConnectPhase]: (typeof phases)[P]['over'] extends 'stream' ? P : never;
}[ConnectPhase];

export const connectPhases = (Object.keys(phases) as ConnectPhase[]).map((name) => ({
  name,
  ...phases[name],
}));

/** One value for each phase. */
export function perPhase<T>(valueFor: (phase: (typeof connectPhases)[number]) => T): Record<ConnectPhase, T> {
  const entries = connectPhases.map((phase) => [phase.name, valueFor(phase)]);
  return Object.fromEntries(entries) as Record<ConnectPhase, T>;
}

/** The first phase without a timing. */
export function nextPhase(timings: Partial<PhaseTimings>): ConnectPhase {
  const next = connectPhases.find(({ name }) => timings[name] === undefined) ?? connectPhases.at(-1);
  return next!.name;
}
