/** What is known of a kind of failure, whatever the language. */
interface Traits {
  /** The library's own hint says more than the table can: it is shown too. */
  hint?: true;
  /** Only the log of the server tells the reason: doctor says where it is. */
  logs?: true;
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
  noTunnelBehindGateway: {},
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
  slowSpeaker: {},
  pcSshdDown: {},
  zombieEnded: {},
  closedServer: { logs: true },
  closedGateway: { logs: true },
  maxStartups: { logs: true },
  penalty: { logs: true },
  webServer: {},
  tlsServer: {},
  otherServer: {},
  oldSsh: {},
  keysSilent: { logs: true },
  keysClosed: { logs: true },
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
  hostKeyChanged: {},
  hostKeyNotPinned: {},
  hostKeyRevoked: {},
  nothingToLogInWith: {},
  methodNotTaken: {},
  secondFactor: {},
  tooManyKeys: {},
  accountRefused: { logs: true },
  passwordRefused: { logs: true },
  keyRefused: { logs: true },
  certificateRefused: { hint: true, logs: true },
  loginBroken: {},
  loginSilent: { logs: true },
  loginCut: { logs: true },
  sessionRefused: { logs: true },
  sessionSilent: { logs: true },
  commandHangs: {},
  sftpRefused: { logs: true },
  sftpSilent: { logs: true },
  sftpSpoilt: {},
  endedAtCommand: { logs: true },
  lost: { logs: true },
  unknown: { hint: true, logs: true },
} as const satisfies Record<string, Traits>;

export type FailureKind = keyof typeof failureKinds;

export function traitsOf(kind: FailureKind): Traits {
  return failureKinds[kind];
}
