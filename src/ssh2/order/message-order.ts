import { messageName } from './message-names.ts';

/** A message that the server sent out of turn. */
export interface OutOfTurn {
  /** For example `SSH_MSG_SERVICE_ACCEPT (6)`. */
  message: string;
  /** A phrase such as `during the login`. */
  when: string;
  /** What it could have sent instead. */
  allowed: string;
}

type Stage = 'exchange' | 'verdict' | 'service' | 'login' | 'session';

/** Lowest and highest number. */
type NumberRange = readonly [number, number];

interface Rule {
  when: string;
  allowed: string;
  ranges: readonly NumberRange[];
}

const disconnect: NumberRange = [1, 1];
/** IGNORE, UNIMPLEMENTED, DEBUG. */
const idle: NumberRange = [2, 4];
const serviceAccept: NumberRange = [6, 6];
const extInfo: NumberRange = [7, 7];
const kexInit: NumberRange = [20, 20];
/** KEXINIT, NEWKEYS and the messages of each method (RFC 4250 section 4.1.2). */
const keyExchange: NumberRange = [20, 49];

/** RFC 4253 sections 7.1 and 9; ssh2 itself checks the order within the key exchange. */
const exchange: Rule = {
  when: 'during the key exchange',
  allowed: 'the key exchange (20 to 49) and 1 to 4',
  ranges: [disconnect, idle, keyExchange],
};

/** Strict key exchange ("strict key exchange extension" in OpenSSH's PROTOCOL): until the first NEWKEYS, not even IGNORE. */
const strictExchange: Rule = {
  when: 'during a strict key exchange',
  allowed: 'the key exchange (20 to 49) and SSH_MSG_DISCONNECT (1)',
  ranges: [disconnect, keyExchange],
};

const rules: Readonly<Record<Exclude<Stage, 'exchange'>, Rule>> = {
  // A server announces its extensions right after its NEWKEYS (RFC 8308 section 2.4), while we check its host key.
  verdict: {
    when: 'between its SSH_MSG_NEWKEYS and ours, before its host key is accepted',
    allowed: 'SSH_MSG_EXT_INFO (7) and 1 to 4',
    ranges: [disconnect, idle, extInfo],
  },
  service: {
    when: 'before it accepted the authentication service',
    allowed: 'SSH_MSG_SERVICE_ACCEPT (6), SSH_MSG_EXT_INFO (7), SSH_MSG_KEXINIT (20) and 1 to 4',
    ranges: [disconnect, idle, serviceAccept, extInfo, kexInit],
  },
  login: {
    when: 'during the login',
    allowed: 'the authentication protocol (51 to 79), SSH_MSG_EXT_INFO (7), SSH_MSG_KEXINIT (20) and 1 to 4',
    ranges: [disconnect, idle, extInfo, kexInit, [51, 79]],
  },
  // 8 to 19 are unassigned: a peer need not reject numbers there that it does not know.
  session: {
    when: 'after the login',
    allowed: 'the connection protocol (80 and above), SSH_MSG_KEXINIT (20) and 1 to 4',
    ranges: [disconnect, idle, [7, 20], [80, 255]],
  },
};

/** Called when a key exchange after the first one begins and ends. */
export interface Rekeys {
  begun(): void;
  ended(): void;
}

const notAsked: Rule = {
  when: 'before a login was asked for',
  allowed: 'SSH_MSG_USERAUTH_BANNER (53), SSH_MSG_EXT_INFO (7), SSH_MSG_KEXINIT (20) and 1 to 4',
  ranges: [disconnect, idle, extInfo, kexInit, [53, 53]],
};

const newKeys = 21;
const success = 52;

/**
 * Which messages a server may send when (RFC 4253 sections 7.1, 7.3, 9 and 10; RFC 4252; RFC 8308), and what we may
 * send while nothing is encrypted yet. This is the only place that decides it: ssh2 passes on every message that has a
 * handler, and so answers a server that has not proved its identity.
 */
export class MessageOrder {
  #stage: Stage = 'exchange';
  /** The stage to which a re-key returns. */
  #after: Exclude<Stage, 'exchange' | 'verdict'> = 'service';
  #rekeying = false;
  #asked = false;
  readonly #isStrict: () => boolean;
  readonly #rekeys: Rekeys | undefined;

  constructor(isStrict: () => boolean, rekeys?: Rekeys) {
    this.#isStrict = isStrict;
    this.#rekeys = rekeys;
  }

  /** Records an incoming message; returns what is wrong with it, if anything. */
  receive(type: number | undefined): OutOfTurn | undefined {
    const rule = this.#rule(type ?? 0);
    if (type === undefined) return { ...outOfTurn(0, rule), message: 'a message of no bytes' };
    if (!contains(rule.ranges, type)) return outOfTurn(type, rule);
    this.#advance(type);
    return undefined;
  }

  /** Both sides have sent NEWKEYS: the server's host key is accepted, and its signature is right. */
  keysExchanged(): void {
    this.#stage = this.#after;
    if (this.#rekeying) this.#rekeys?.ended();
    this.#rekeying = false;
  }

  /** An authentication request is being sent. */
  loginRequested(): void {
    this.#asked = true;
  }

  #rule(type: number): Rule {
    if (this.#stage === 'exchange') return !this.#rekeying && this.#isStrict() ? strictExchange : exchange;
    if (this.#stage === 'login' && !this.#asked && type >= 51) return notAsked;
    return rules[this.#stage];
  }

  #advance(type: number): void {
    switch (this.#stage) {
      case 'exchange':
        if (type === newKeys) this.#stage = 'verdict';
        return;
      case 'verdict':
        return;
      case 'service':
        if (type === serviceAccept[0]) this.#stage = 'login';
        break;
      case 'login':
        if (type === success) this.#stage = 'session';
    }
    if (type === kexInit[0]) this.#rekey();
  }

  #rekey(): void {
    this.#after = this.#stage as Exclude<Stage, 'exchange' | 'verdict'>;
    this.#stage = 'exchange';
    this.#rekeying = true;
    this.#rekeys?.begun();
  }
}

/** Whether we may send this unencrypted: only the key exchange and the generic transport messages. */
export function mayLeaveInPlainText(type: number): boolean {
  return contains(exchange.ranges, type);
}

/** Asked for every message: with neither a function nor an iterator for each range. */
function contains(ranges: readonly NumberRange[], type: number): boolean {
  for (let n = 0; n < ranges.length; n++) {
    const range = ranges[n] as NumberRange;
    if (type >= range[0] && type <= range[1]) return true;
  }
  return false;
}

function outOfTurn(type: number, { when, allowed }: Rule): OutOfTurn {
  return { message: messageName(type), when, allowed };
}
