import type { Readable } from 'node:stream';
import type { Client } from 'ssh2';
import { protocolOf } from '../internals.ts';
import { Wrapper } from '../wrapper.ts';

/**
 * The handlers that ssh2 calls for each incoming message, by the message's name (RFC 4250 section 4.1.2). We replace
 * some, so that what the far side sends is counted before it is kept. Each may be missing.
 */
export interface InboundHandlers {
  /** ssh2 only checks whether the window is exactly zero (mscdex/ssh2#1505; RFC 4254 section 5.2). */
  CHANNEL_DATA?(protocol: unknown, id: number, data: Buffer): void;
  /** ssh2 sends packets of the size given here, and with a size of zero it loops forever (RFC 4254 section 5.1). */
  CHANNEL_OPEN?(protocol: unknown, info: { packetSize: number }): void;
  /** As for CHANNEL_OPEN. */
  CHANNEL_OPEN_CONFIRMATION?(protocol: unknown, info: { packetSize: number }): void;
  /** As for CHANNEL_DATA. */
  CHANNEL_EXTENDED_DATA?(protocol: unknown, id: number, data: Buffer, type: number): void;
  /** ssh2 asks the server to prove each announced host key, and keeps the key until then. */
  GLOBAL_REQUEST?(protocol: unknown, name: string, wantReply: boolean, data: unknown): void;
  /** ssh2 signs as often as it comes (RFC 4252 section 7). */
  USERAUTH_PK_OK?(protocol: unknown, ...key: unknown[]): void;
  /** ssh2 passes on any number of rounds and prompts (RFC 4256). */
  USERAUTH_INFO_REQUEST?(protocol: unknown, name: string, instructions: string, prompts: unknown): void;
  /** ssh2 passes on any number of banners (RFC 4252 section 5.4). */
  USERAUTH_BANNER?(protocol: unknown, message: string): void;
}

type AnswerMethod = (...parts: unknown[]) => void;

/**
 * How ssh2 answers a server's requests: members that we replace, to count answers that a server does not read (RFC
 * 4254).
 */
interface Answering {
  requestSuccess: AnswerMethod;
  requestFailure: AnswerMethod;
  channelFailure: AnswerMethod;
  channelOpenConfirm: AnswerMethod;
  channelOpenFail: AnswerMethod;
  authInfoRes: AnswerMethod;
}

const answerNames = [
  'requestSuccess',
  'requestFailure',
  'channelFailure',
  'channelOpenConfirm',
  'channelOpenFail',
  'authInfoRes',
] as const satisfies Array<keyof Answering>;

/** An open channel in ssh2. */
export type InboundChannel = Readable & { stderr: Readable };

interface WithChannels {
  _chanMgr?: { get?(id: number): unknown };
}

interface WithForwards {
  _forwarding?: object;
  _forwardingUnix?: object;
}

/** The handlers of a client for which `connect` has been called. */
export function handlersOf(client: Client): InboundHandlers | undefined {
  const handlers = protocolOf(client)?._handlers;
  return typeof handlers === 'object' ? (handlers as InboundHandlers) : undefined;
}

/** The object whose methods send a client's answers, if all of them still exist. */
export function answersOf(client: Client): Answering | undefined {
  const protocol = protocolOf(client) as Partial<Answering> | undefined;
  const hasAll = answerNames.every((name) => typeof protocol?.[name] === 'function');
  return hasAll ? (protocol as Answering) : undefined;
}

const around = Symbol('what is done around each answer');
type Around = (answer: () => void) => void;
type Surrounded = Answering & { [around]?: Around };

const surrounding = new Wrapper<AnswerMethod>(
  (answer) =>
    function (this: Surrounded, ...parts) {
      this[around]?.(() => answer.apply(this, parts));
    } as AnswerMethod,
);

/** Wraps each method that answers with `act`. */
export function aroundAnswers(answers: Answering, act: Around): void {
  (answers as Surrounded)[around] = act;
  answerNames.forEach((name) => {
    answers[name] = surrounding.around(answers[name]);
  });
}

/** Gives the next refusal of a channel this reason (RFC 4254 section 5.1); ssh2 always sends "connect failed". */
export function refuseWithReason(client: Client, reason: number, refuse: () => void): void {
  const answers = answersOf(client);
  if (!answers) return refuse();
  const original = answers.channelOpenFail;
  answers.channelOpenFail = (id, _reason, ...text) => original.call(answers, id, reason, ...text);
  try {
    refuse();
  } finally {
    answers.channelOpenFail = original;
  }
}

/** The open channel with this id; undefined while the server has not answered the request for it. */
export function channelOf(client: Client, id: number): InboundChannel | undefined {
  const channel = (client as unknown as WithChannels)._chanMgr?.get?.(id);
  return typeof channel === 'object' && channel !== null ? (channel as InboundChannel) : undefined;
}

/**
 * Removes the prototype from ssh2's tables of forwards, whose keys the server chooses when it opens a channel: for a
 * socket named `constructor`, ssh2 would find an inherited member and neither accept nor refuse the channel. Call it
 * right after `client.connect`.
 */
export function knowForwardsByOwnNamesOnly(client: Client): void {
  const { _forwarding: ports, _forwardingUnix: sockets } = client as unknown as WithForwards;
  if (typeof ports === 'object') Object.setPrototypeOf(ports, null);
  if (typeof sockets === 'object') Object.setPrototypeOf(sockets, null);
}
