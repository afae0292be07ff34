/** What is known of a kind of failure, whatever the language. */
interface Traits {
  /** The library's own hint says more than the table can: it is shown too. */
  hint?: true;
  /** Only the log of the server tells the reason: doctor says where it is. */
  logs?: true;
  /** It has words of its own where a jump host on the way is at fault. */
  atJump?: true;
}

/** Every failure that doctor tells apart. Both languages have words for each. */
export const failureKinds = {
  nameUnknown: {},
  nameServerSilent: {},
  hostSilent: {},
  gatewaySilent: {},
  routeSilent: {},
  noTunnel: {},
  noSshd: {},
  gatewayRefuses: {},
  nextJumpRefuses: {},
  noTunnelBehindGateway: {},
  noSocketBehindGateway: {},
  gatewayForbids: { logs: true },
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
  muteGateway: { logs: true },
  slowSpeaker: { atJump: true },
  stoppedSpeaking: { atJump: true },
  pcSshdDown: {},
  zombieEnded: {},
  closedServer: { logs: true },
  closedGateway: { logs: true },
  maxStartups: { logs: true, atJump: true },
  penalty: { logs: true, atJump: true },
  webServer: { atJump: true },
  tlsServer: { atJump: true },
  otherServer: { atJump: true },
  oldSsh: {},
  keysSilent: { logs: true },
  keysClosed: { logs: true, atJump: true },
  keysRefused: { hint: true, logs: true },
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
  methodNotTaken: { atJump: true },
  agentDead: { atJump: true },
  secondFactor: { atJump: true },
  tooManyKeys: { atJump: true },
  accountRefused: { logs: true, atJump: true },
  passwordRefused: { logs: true, atJump: true },
  keyRefused: { logs: true, atJump: true },
  certificateRefused: { hint: true, logs: true },
  loginBroken: {},
  loginSilent: { logs: true, atJump: true },
  loginCut: { logs: true, atJump: true },
  sessionRefused: { logs: true },
  sessionSilent: { logs: true, atJump: true },
  commandHangs: {},
  sftpRefused: { logs: true },
  sftpSilent: { logs: true },
  sftpEnded: { logs: true },
  sftpSpoilt: {},
  sftpFails: { logs: true },
  endedAtCommand: { logs: true },
  lost: { logs: true, atJump: true },
  unknown: { hint: true, logs: true },
} as const satisfies Record<string, Traits>;

export type FailureKind = keyof typeof failureKinds;

/** What has words of its own at a jump host. */
export type JumpKind = {
  [Kind in FailureKind]: (typeof failureKinds)[Kind] extends { atJump: true } ? Kind : never;
}[FailureKind];

export function traitsOf(kind: FailureKind): Traits {
  return failureKinds[kind];
}
