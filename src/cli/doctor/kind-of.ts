import { connectPhases } from '../../errors/phases.ts';
import type { SshError } from '../library.ts';
import type { FailureKind } from './kinds.ts';

/** The target of a run. */
export interface LoginTarget {
  host: string;
  port: number;
  username: string;
}

/** What an error may contain, whichever it is. Texts from the server are escaped already. */
export interface ErrorDetails {
  fingerprint?: string;
  keyType?: string;
  knownAs?: string;
  file?: string;
  line?: number;
  methodsTried?: readonly string[];
  methodsOffered?: readonly string[];
  received?: string;
  reason?: string;
  reasonCode?: number;
  errno?: string;
  status?: number;
  silentMs?: number;
  partialSuccess?: boolean;
}

type Failed = SshError & ErrorDetails;

/**
 * Where an error happened: at a jump host, on the way from one to the next, on the way from the last jump to the
 * target, at a port that a gateway publishes for a PC, or at a server with its own address (port 22).
 */
type Place = 'jump' | 'nextJump' | 'behindJump' | 'published' | 'server';

function placeOf({ hop, host, port }: SshError, target: LoginTarget): Place {
  if (hop?.startsWith('jump')) {
    if (hop.endsWith(` (${host}:${port})`)) return 'jump';
    return host === target.host && port === target.port ? 'behindJump' : 'nextJump';
  }
  return target.port === 22 ? 'server' : 'published';
}

/** Whether a jump host is at fault, and not what is behind it. */
export function isAtJump(error: SshError, target: LoginTarget): boolean {
  return placeOf(error, target) === 'jump';
}

/** Which kind of failure an error is, from connecting or from the checks after it. */
export function kindOf(error: SshError, target: LoginTarget): FailureKind {
  const find = byCode[error.code];
  return find ? find(error, placeOf(error, target)) : 'unknown';
}

const byCode: Readonly<Record<string, (error: Failed, place: Place) => FailureKind>> = {
  SSH_HOST_NOT_FOUND: ({ errno }) => (errno === 'ENOTFOUND' ? 'nameUnknown' : 'nameServerSilent'),
  SSH_TCP_TIMEOUT: ({ phase }, place) => tooLate(phase === 'route' ? 'route' : 'tcp', place),
  SSH_TOTAL_TIMEOUT: ({ phase }, place) => tooLate(phase, place),
  SSH_CONNECTION_REFUSED: refused,
  SSH_CONNECT_FAILED: connectFailed,
  SSH_PROXY_COMMAND_FAILED: ({ errno }) =>
    errno === undefined ? 'proxyCommandFailed' : 'proxyCommandMissing',
  SSH_PROXY_FAILED: proxyFailed,
  SSH_BANNER_TIMEOUT: ({ received }, place) => {
    if (received === undefined) return tooLate('banner', place);
    return received.startsWith('SSH-') ? 'stoppedSpeaking' : 'slowSpeaker';
  },
  SSH_BANNER_MISSING: ({ silentMs = 0, message }, place) => {
    if (isOfProgram(message)) return 'proxyCommandFailed';
    return place === 'published' && silentMs > 1_000 ? 'zombieEnded' : closedAt[place];
  },
  SSH_BANNER_INVALID: ({ received = '', message }) =>
    isOfProgram(message) ? 'proxyCommandFailed' : foreign(received),
  SSH_HANDSHAKE_TIMEOUT: () => 'keysSilent',
  SSH_HANDSHAKE_FAILED: keysFailed,
  SSH_HOST_KEY_UNKNOWN: ({ message }, place) => {
    if (/certificate/.test(message)) return 'hostKeyUncertified';
    return place === 'jump' ? 'hostKeyUnknownGateway' : 'hostKeyUnknown';
  },
  SSH_HOST_KEY_MISMATCH: ({ file }) => (file === undefined ? 'hostKeyNotPinned' : 'hostKeyChanged'),
  SSH_HOST_KEY_REVOKED: () => 'hostKeyRevoked',
  SSH_AUTHENTICATION_FAILED: loginFailed,
  SSH_AUTH_TIMEOUT: () => 'loginSilent',
  SSH_CHANNEL_OPEN_FAILED: () => 'sessionRefused',
  SSH_CHANNEL_TIMEOUT: () => 'sessionSilent',
  SSH_COMMAND_TIMEOUT: () => 'commandHangs',
  SSH_CONNECTION_LOST: ({ phase }) => (phase === 'auth' ? 'loginCut' : 'lost'),
};

const refusedAt = {
  jump: 'gatewayRefuses',
  nextJump: 'nextJumpRefuses',
  behindJump: 'noTunnelBehindGateway',
  published: 'noTunnel',
  server: 'noSshd',
} as const;

function refused(error: Failed, place: Place): FailureKind {
  if (isAboutSocket(error)) return 'noSocketBehindGateway';
  return place === 'behindJump' && error.port === 22 ? 'noSshd' : refusedAt[place];
}

const closedAt = {
  jump: 'closedGateway',
  nextJump: 'closedGateway',
  behindJump: 'pcSshdDown',
  published: 'pcSshdDown',
  server: 'closedServer',
} as const;

const muteAt = {
  jump: 'muteGateway',
  nextJump: 'muteGateway',
  behindJump: 'zombie',
  published: 'zombie',
  server: 'muteServer',
} as const;

function tooLate(phase: string, place: Place): FailureKind {
  const step = connectPhases.find(({ name }) => name === phase)?.step;
  if (step === 'banner') return muteAt[place];
  if (step === 'keys') return 'keysSilent';
  if (step === 'login') return 'loginSilent';
  if (phase === 'route') return 'routeSilent';
  return place === 'jump' ? 'gatewaySilent' : 'hostSilent';
}

function connectFailed(error: Failed, place: Place): FailureKind {
  const { hint = '', errno } = error;
  if (place !== 'behindJump' && place !== 'nextJump') return errno === undefined ? 'unknown' : 'networkDown';
  if (hint.includes('forbids it')) return 'gatewayForbids';
  return isAboutSocket(error) ? 'noSocketBehindGateway' : 'gatewayCannotReach';
}

/** Whether a jump host could not reach a Unix socket. */
function isAboutSocket({ message }: SshError): boolean {
  return / could not reach \//.test(message);
}

function proxyFailed({ message, status }: Failed): FailureKind {
  if (/could not be reached/.test(message)) return 'proxyDown';
  if (status === 407 || /user name and password|ways to log in/.test(message)) return 'proxyWantsLogin';
  if (status === 403 || status === 405 || /do not allow/.test(message)) return 'proxyForbids';
  // 502 to 504 in HTTP, and tinyproxy's own words; in SOCKS, all up to 6 but those above.
  const isTarget =
    status !== undefined &&
    ((status > 0 && status <= 6) ||
      (status >= 502 && status <= 504) ||
      /: 500 Unable to connect$/.test(message));
  return isTarget ? 'proxyCannotReach' : 'proxyStrange';
}

/** Until a proxy command has reached a server, what it prints is its own. */
function isOfProgram(message: string): boolean {
  return /^On the way to \S+, the proxy command /.test(message);
}

function foreign(received: string): FailureKind {
  if (received.startsWith('Exceeded MaxStartups')) return 'maxStartups';
  if (received.startsWith('Not allowed at this time')) return 'penalty';
  if (received.startsWith('SSH-1.') && !received.startsWith('SSH-1.99')) return 'oldSsh';
  // A TLS record: an alert or a handshake (RFC 8446 section 5.1).
  if (/^\\x1[56]\\x03/.test(received)) return 'tlsServer';
  return /^HTTP\/|^<(!doctype|html)/i.test(received) ? 'webServer' : 'otherServer';
}

/** By the texts of ssh2 and of our own, in this order. */
const keysTexts: ReadonlyArray<readonly [RegExp, FailureKind]> = [
  [/cannot be checked: /, 'knownHostsUnreadable'],
  [/could not be recorded: /, 'knownHostsUnwritable'],
  [/no matching key exchange/, 'noCommonKex'],
  [/no matching host key/, 'noCommonHostKey'],
  [/no matching [^"]*cipher/, 'noCommonCipher'],
  [/no matching /, 'noCommonMac'],
  [/signature verification failed/, 'impostor'],
  [/shows a host certificate/, 'badCertificate'],
  [/then ended the connection before keys/, 'keysClosed'],
  [/ended the connection during the key exchange/, 'keysRefused'],
  [/could not be begun|was not made/, 'loginBroken'],
];

function keysFailed({ message, hint = '' }: Failed): FailureKind {
  if (hint.includes('post-quantum')) return 'postQuantumOnly';
  return keysTexts.find(([text]) => text.test(message))?.[1] ?? 'damaged';
}

function loginFailed({
  methodsTried = [],
  methodsOffered,
  partialSuccess,
  message,
  hint = '',
}: Failed): FailureKind {
  if (/could not go on/.test(message)) return 'loginBroken';
  if (partialSuccess) return 'secondFactor';
  if (/too many/i.test(message)) return 'tooManyKeys';
  const tried = methodsTried.filter((one) => one !== 'none');
  if (tried.length === 0) return 'nothingToLogInWith';
  if (tried.every((one) => /^agent \((?:not reachable|gave no keys)/.test(one))) return 'agentDead';
  if (tried.at(-1)?.startsWith('agent (did not sign')) return 'agentUnsigned';
  const isTaken = methodsOffered?.some((method) => tried.some((one) => one.startsWith(method))) ?? true;
  if (!isTaken) return 'methodNotTaken';
  if (/certificate/i.test(hint)) return 'certificateRefused';
  return tried.some((one) => one.startsWith('publickey')) ? 'keyRefused' : 'passwordRefused';
}
