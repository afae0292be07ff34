/** What is known of a kind of failure, independent of the language. */
interface Traits {
  /** The library's own hint says more than the table can, so it is shown too. */
  hint?: true;
  /** Only the server's log tells the reason; doctor says where to find it. */
  logs?: true;
  /** If a jump host fails like this, neither the PC nor what the user specified is at fault. */
  theirs?: true;
  /** It has words of its own for a jump host that is at fault. */
  atJump?: true;
}

/** Every failure that doctor distinguishes. Both languages have words for each. */
export const failureKinds = {
  nameUnknown: {},
  nameServerSilent: {},
  hostSilent: {},
  gatewaySilent: { theirs: true },
  routeSilent: {},
  noTunnel: {},
  noSshd: {},
  gatewayRefuses: { theirs: true },
  nextJumpRefuses: { theirs: true },
  noTunnelBehindGateway: {},
  noSocketBehindGateway: {},
  gatewayForbids: { theirs: true, logs: true },
  gatewayCannotReach: { hint: true },
  networkDown: { hint: true },
  proxyCommandMissing: { hint: true },
  proxyCommandFailed: {},
  proxyDown: {},
  proxyWantsLogin: { hint: true },
  proxyForbids: { hint: true },
  proxyCannotReach: { hint: true },
  proxyStrange: { hint: true },
  zombie: {},
  muteServer: { logs: true },
  muteGateway: { theirs: true, logs: true },
  slowSpeaker: { theirs: true, atJump: true },
  stoppedSpeaking: { theirs: true, atJump: true },
  pcSshdDown: {},
  zombieEnded: {},
  closedServer: { logs: true },
  closedGateway: { theirs: true, logs: true },
  maxStartups: { theirs: true, logs: true, atJump: true },
  penalty: { theirs: true, logs: true, atJump: true },
  webServer: { atJump: true },
  tlsServer: { atJump: true },
  otherServer: { atJump: true },
  oldSsh: {},
  keysSilent: { theirs: true, logs: true },
  keysClosed: { theirs: true, logs: true, atJump: true },
  keysRefused: { theirs: true, hint: true, logs: true },
  noCommonKex: { hint: true },
  postQuantumOnly: { hint: true },
  noCommonHostKey: { hint: true },
  noCommonCipher: { hint: true },
  noCommonMac: { hint: true },
  impostor: {},
  badCertificate: { hint: true },
  damaged: { hint: true },
  knownHostsUnreadable: {},
  knownHostsUnwritable: {},
  hostKeyUnknown: {},
  hostKeyUnknownGateway: {},
  hostKeyUncertified: { hint: true },
  hostKeyChanged: { atJump: true },
  hostKeyNotPinned: { atJump: true },
  hostKeyRevoked: {},
  nothingToLogInWith: { atJump: true },
  methodNotTaken: { theirs: true, atJump: true },
  agentDead: { atJump: true },
  agentUnsigned: { atJump: true },
  secondFactor: { theirs: true, atJump: true },
  tooManyKeys: { theirs: true, atJump: true },
  accountRefused: { theirs: true, logs: true, atJump: true },
  passwordRefused: { theirs: true, logs: true, atJump: true },
  keyRefused: { theirs: true, logs: true, atJump: true },
  certificateRefused: { theirs: true, hint: true, logs: true },
  loginBroken: {},
  loginSilent: { theirs: true, logs: true, atJump: true },
  loginCut: { theirs: true, logs: true, atJump: true },
  sessionRefused: { logs: true },
  sessionSilent: { logs: true },
  commandHangs: {},
  sftpRefused: { logs: true },
  sftpSilent: { logs: true },
  sftpEnded: { logs: true },
  sftpSpoilt: {},
  sftpFails: { logs: true },
  endedAtCommand: { logs: true },
  lost: { theirs: true, logs: true, atJump: true },
  unknown: { hint: true, logs: true },
} as const satisfies Record<string, Traits>;

export type FailureKind = keyof typeof failureKinds;

/** The kinds that have words of their own for a jump host. */
export type JumpKind = {
  [Kind in FailureKind]: (typeof failureKinds)[Kind] extends { atJump: true } ? Kind : never;
}[FailureKind];

export function traitsOf(kind: FailureKind): Traits {
  return failureKinds[kind];
}
