/** What doctor checks, in this order, and the exit code if it is the first to fail. */
export const steps = {
  dns: { title: 'DNS', exitCode: 10 },
  tcp: { title: 'TCP', exitCode: 11 },
  banner: { title: 'banner', exitCode: 12 },
  keys: { title: 'keys', exitCode: 13 },
  hostKey: { title: 'host key', exitCode: 14 },
  login: { title: 'login', exitCode: 15 },
  exec: { title: 'exec', exitCode: 16 },
  sftp: { title: 'SFTP', exitCode: 17 },
  maxSessions: { title: 'MaxSessions', exitCode: 18 },
  keepalive: { title: 'keepalive', exitCode: 19 },
  clock: { title: 'clock', exitCode: 20 },
  shell: { title: 'shell', exitCode: 21 },
  disk: { title: 'disk', exitCode: 22 },
  windows: { title: 'Windows', exitCode: 23 },
} as const;

export type StepName = keyof typeof steps;

export const stepNames = Object.keys(steps) as StepName[];

export type Verdict = 'ok' | 'warn' | 'fail' | 'skipped';

/** What was found in one step. Texts from the server are escaped. */
export interface Finding {
  verdict: Verdict;
  /** In plain words. */
  says: string;
  /** What to do about it. */
  todo?: string | undefined;
  /** The library's hint for the error, always in English. */
  hint?: string | undefined;
  /** Milliseconds that it took. */
  ms?: number | undefined;
  /** The error's code, for programs. */
  code?: string | undefined;
  /** The kind of failure, for programs: finer than the code, and the same in every language. */
  kind?: string | undefined;
  /** Values that programs may need: `{ maxSessions: 10 }`. */
  facts?: Readonly<Record<string, unknown>>;
}

export interface Step extends Finding {
  name: StepName;
}

/** The exit code of the first failure; with `strict`, of the first warning too. */
export function exitCodeOf(found: readonly Step[], strict = false): number {
  const bad = found.find(({ verdict }) => verdict === 'fail' || (strict && verdict === 'warn'));
  return bad ? steps[bad.name].exitCode : 0;
}
