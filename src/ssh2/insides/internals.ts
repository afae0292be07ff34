import { EventEmitter } from 'node:events';
import type { Client, ClientChannel } from 'ssh2';
import { serves } from './registry/look.ts';
import { replaceUntilLogin } from './until-login.ts';

/**
 * The members of ssh2's protocol that we use beyond its documentation; the registry says what for. Those that only
 * serve speed may be missing: the caller then falls back to the public interface.
 */
export interface Protocol {
  _destruct?: ((reason?: string) => void) | undefined;
  _handlers?: Record<string, unknown>;
  ping?(): void;
  signal?(channel: number, name: string): void;
  channelWindowAdjust?(id: number, bytes: number): void;
  session?(id: number, window: number, packetSize: number): void;
  exec?(channel: number, command: string, wantReply: boolean): void;
  subsystem?(channel: number, name: string, wantReply: boolean): void;
  channelData?(channel: number, data: Buffer): void;
}

export interface RawChannelState {
  incoming?: { id: number; window: number; state: 'open' | 'eof' | 'closing' | 'closed' };
  outgoing?: { id: number; window: number; packetSize: number; state: 'open' | 'eof' | 'closing' | 'closed' };
  _callbacks?: Array<(failed: unknown) => void>;
  subtype?: string;
}

interface ChannelManager {
  _cur: number;
  get(id: number): unknown;
  update?(id: number, entry: unknown): void;
}

interface ClientInternals {
  _protocol?: Protocol;
  _chanMgr?: ChannelManager;
  _callbacks?: Array<(failed: unknown, data?: Buffer) => void>;
}

export function protocolOf(client: Client): Protocol | undefined {
  return (client as unknown as ClientInternals)._protocol;
}

/** The id that this client's next channel will have; undefined if ssh2's internals have changed. */
export function nextChannelId(client: Client): number | undefined {
  const manager = (client as unknown as ClientInternals)._chanMgr;
  return typeof manager?._cur === 'number' ? manager._cur + 1 : undefined;
}

/**
 * Closes a channel that ssh2 opened and then forgot: if the server accepts the channel but refuses the request on it,
 * ssh2 reports the refusal and leaves the channel open, where it counts against MaxSessions forever. `closed` is called
 * when the server has closed it too. Returns false if there is no such channel.
 */
export function closeForgottenChannel(client: Client, id: number | undefined, closed: () => void): boolean {
  const manager = (client as unknown as ClientInternals)._chanMgr;
  if (id === undefined || typeof manager?.get !== 'function') return false;
  const channel = manager.get(id) as ForgottenChannel | undefined;
  if (typeof channel?.close !== 'function') return false;
  if (channel instanceof EventEmitter) {
    channel.on('error', () => {});
    channel.once('close', closed);
    channel.resume?.();
    channel.stderr?.resume?.();
    // A session of ours emits no events.
  } else channel.onUnusedClosed = closed;
  channel.close();
  return true;
}

interface ForgottenChannel {
  close?(): void;
  onUnusedClosed?: () => void;
  resume?(): void;
  stderr?: { resume?(): void };
}

/**
 * Whether the server closed the channel in place of an answer to the request on it. ssh2 reports that like a refusal, but
 * keeps the channel after one.
 */
export function isClosedUnanswered(client: Client, id: number | undefined, error: Error): boolean {
  const manager = (client as unknown as ClientInternals)._chanMgr;
  if (id === undefined || typeof manager?.get !== 'function') return false;
  return error.message.startsWith('Unable to ') && manager.get(id) === undefined;
}

/**
 * Asks the server to deliver a signal to the command. ssh2's own method does nothing once the channel's input has
 * ended, which is the usual state of a command. Throws for a name that RFC 4254 does not define.
 */
export function sendSignal(client: Client, channel: ClientChannel, name: string): void {
  const protocol = protocolOf(client);
  const outgoing = stateOf(channel).outgoing;
  const canSignal = serves(client, 'signal after input') && outgoing !== undefined;
  if (!canSignal || typeof protocol?.signal !== 'function') channel.signal(name);
  else if (outgoing.state === 'open' || outgoing.state === 'eof') protocol.signal(outgoing.id, name);
}

/**
 * Calls `action` with a channel right after ssh2 has sent the first request on it, in the same turn: what `action`
 * sends leaves together with the request. Does nothing if ssh2's internals have changed.
 */
export function behindFirstRequest(
  client: Client,
  id: number | undefined,
  action: (channel: ClientChannel) => void,
): void {
  const manager = (client as unknown as ClientInternals)._chanMgr;
  const opened = id === undefined ? undefined : manager?.get(id);
  if (id === undefined || typeof opened !== 'function' || typeof manager?.update !== 'function') return;
  if (!serves(client, 'behind the first request')) return;
  const both = (error: Error | undefined, channel: ClientChannel | undefined) => {
    opened(error, channel);
    if (channel && !error) action(channel);
  };
  // ssh2 reads the kind of channel from its own callback.
  manager.update(id, Object.assign(both, { type: (opened as { type?: string }).type }));
}

/** Requests a command or a subsystem on a session that is open already, like the second half of ssh2's `exec` and `subsys`. */
export function requestOn(
  client: Client,
  channel: object,
  kind: 'exec' | 'subsystem',
  name: string,
  answered: (error: Error | undefined) => void,
): void {
  const state = stateOf(channel);
  const { outgoing, _callbacks: callbacks } = state;
  if (outgoing?.state !== 'open' || !callbacks) return answered(new Error('Channel is not open'));
  callbacks.push((failed) => {
    if (failed) return answered(failed instanceof Error ? failed : new Error(unable(kind, name)));
    state.subtype = kind;
    answered(undefined);
  });
  protocolOf(client)?.[kind]?.(outgoing.id, name, true);
}

/** As ssh2 says it. */
function unable(kind: 'exec' | 'subsystem', name: string): string {
  return kind === 'exec' ? 'Unable to exec' : `Unable to start subsystem: ${name}`;
}

/** ssh2's state of both directions of a channel. */
export function stateOf(channel: object): RawChannelState {
  return channel as RawChannelState;
}

/**
 * ssh2 frees its native ciphers as soon as it meets a fatal error, even inside the packet handler that is using them:
 * the process dies of SIGSEGV, and a hostile server can bring that about. This lets the handler return first.
 */
export function deferDestruction(client: Client): void {
  const protocol = protocolOf(client);
  if (typeof protocol?._destruct !== 'function') return;
  const destruct = protocol._destruct;
  protocol._destruct = (reason) => {
    protocol._destruct = undefined;
    // The connection is being torn down: what still comes in or goes out no longer matters.
    Object.assign(protocol, { parse: () => {}, _onWrite: () => {} });
    setImmediate(() => {
      destruct.call(protocol, reason);
    });
  };
}

/** Queues a callback for the next reply to a global request, as ssh2 itself does. */
export function expectGlobalReply(
  client: Client,
  callback: (failed: unknown, data?: Buffer) => void,
): boolean {
  const callbacks = (client as unknown as ClientInternals)._callbacks;
  if (!Array.isArray(callbacks) || !serves(client, 'ping')) return false;
  callbacks.push(callback);
  return true;
}

/**
 * Keeps ssh2 from restarting the keepalive timer at every answer to a request on a channel: each command would make a new
 * timer. It goes on asking at its own pace. Missing answers are not counted here but in `transport/keepalive.ts`.
 */
export function keepKeepaliveTimer(client: Client): void {
  const internals = client as unknown as { _resetKA?: () => void };
  if (typeof internals._resetKA !== 'function' || !serves(client, 'steady keepalive')) return;
  internals._resetKA = ignored;
}

function ignored(): void {}

/** Listens for SSH_MSG_DEBUG (RFC 4253 section 11.3), in which OpenSSH says why it refused a forward. */
export function onServerDebug(client: Client, listener: (message: string) => void): void {
  const handlers = protocolOf(client)?._handlers;
  if (typeof handlers !== 'object' || !serves(client, 'reasons of refused forwards')) return;
  const before = handlers['DEBUG'];
  handlers['DEBUG'] = (protocol: unknown, display: unknown, message: unknown) => {
    if (typeof before === 'function') before(protocol, display, message);
    listener(String(message));
  };
}

/**
 * Listens for SSH_MSG_DISCONNECT with reason 11, "by application" (RFC 4253 section 11.1), which ssh2 swallows; it
 * reports the others as errors.
 */
export function onSilentDisconnect(client: Client, listener: (code: number, text: string) => void): void {
  const handlers = protocolOf(client)?._handlers;
  const original = handlers?.['DISCONNECT'];
  if (!handlers || typeof original !== 'function') return;
  handlers['DISCONNECT'] = (protocol: unknown, code: unknown, text: unknown) => {
    if (code === 11) listener(11, String(text || 'BY_APPLICATION'));
    return original(protocol, code, text);
  };
}

/** Reports the methods that the server still accepts, each time it refuses one; for agent keys, ssh2 drops them. */
export function onAuthFailure(
  client: Client,
  listener: (methodsLeft: string[], partial: boolean) => void,
): void {
  const handlers = protocolOf(client)?._handlers;
  const original = handlers?.['USERAUTH_FAILURE'];
  if (!handlers || typeof original !== 'function') return;
  const tell = (protocol: unknown, methods: unknown, partial: unknown) => {
    if (Array.isArray(methods)) listener(methods.map(String), partial === true);
    return original(protocol, methods, partial);
  };
  replaceUntilLogin(client, handlers, 'USERAUTH_FAILURE', tell);
}

/**
 * Reports the signature algorithms that the server accepts, if it sends them (server-sig-algs, RFC 8308 section 3.1).
 */
export function onServerSignatureAlgorithms(client: Client, listener: (algorithms: string[]) => void): void {
  const handlers = protocolOf(client)?._handlers;
  const original = handlers?.['EXT_INFO'];
  if (!handlers || typeof original !== 'function') return;
  const tell = (protocol: unknown, extensions: unknown) => {
    const list = Array.isArray(extensions) ? (extensions as Array<{ name?: unknown; algs?: unknown }>) : [];
    const found = list.find(({ name }) => name === 'server-sig-algs');
    if (Array.isArray(found?.algs)) listener(found.algs.map(String));
    return original(protocol, extensions);
  };
  replaceUntilLogin(client, handlers, 'EXT_INFO', tell);
}
