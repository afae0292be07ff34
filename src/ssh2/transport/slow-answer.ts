/** Milliseconds. sshd allows a login 120 s (LoginGraceTime); few set it lower than this. */
const soon = 10_000;

/** Who is being asked on this side, and has not answered yet. */
export interface AskedHere {
  waitsForAgent?: boolean;
  /** For that of `keyboardInteractive`. */
  waitsForAnswer?: boolean;
}

interface LoginSoFar extends AskedHere {
  /** Milliseconds since it began. */
  elapsedMs: number;
}

/**
 * The hint for a login that ended while somebody on this side, most likely a person, had long been asked; undefined if
 * nobody was. Whoever did not answer then is not asked again.
 */
export function slowAnswer({ elapsedMs, waitsForAgent, waitsForAnswer }: LoginSoFar): string | undefined {
  if (elapsedMs < soon || !(waitsForAgent || waitsForAnswer)) return undefined;
  const who = waitsForAnswer ? 'keyboardInteractive' : 'the agent';
  const seconds = Math.round(elapsedMs / 1_000);
  return `${who} had not answered after ${seconds} s: sshd allows 120 s (LoginGraceTime). Not retried: it would be asked again.`;
}
