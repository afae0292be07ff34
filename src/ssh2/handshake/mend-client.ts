import type { Client } from 'ssh2';
import { type AnswersStream, boundAnswers } from '../bounds/answers.ts';
import { boundLoginTalk } from '../bounds/login-talk.ts';
import { boundPacketSizes } from '../bounds/packet-size.ts';
import { boundWindows } from '../bounds/receive-window.ts';
import { RekeyTime } from '../bounds/rekey-time.ts';
import { boundUnasked } from '../bounds/unasked.ts';
import { behindFirstLogin } from '../insides/ahead/behind-login.ts';
import { authenticateEarly } from '../insides/ahead/early-auth.ts';
import { alreadyIdentified } from '../insides/identification.ts';
import { deferDestruction, keepKeepaliveTimer, onSilentDisconnect } from '../insides/internals.ts';
import { knowForwardsByOwnNamesOnly } from '../insides/messages/inbound.ts';
import { lookInside } from '../insides/registry/look.ts';
import { knowOurs } from '../insides/session-shape.ts';
import { guardLogin, guardOrder } from '../order/guard-order.ts';
import type { MessageOrder, OutOfTurn } from '../order/message-order.ts';
import { isOpenSsh } from '../transport/server-kind.ts';
import type { Login } from './plan.ts';

export interface MendEvents {
  onOutOfTurn(broken: OutOfTurn): void;
  /** The server exceeded a limit; `what` it did follows its name. */
  onExceeded(what: string): void;
  onSilentDisconnect(code: number, text: string): void;
}

/**
 * Makes an ssh2 client safe. Call it right after `client.connect`, when ssh2 has created its parts and before anything
 * is received. @throws Error if this version of ssh2 cannot be made safe.
 * @param rekeyTimeout Milliseconds allowed for each key exchange after the first one.
 */
export function mendClient(
  client: Client,
  output: AnswersStream,
  rekeyTimeout: number,
  events: MendEvents,
): MessageOrder {
  const onExceeded = (what: string) => events.onExceeded(what);
  lookInside(client);
  alreadyIdentified(client);
  deferDestruction(client);
  const onOutOfTurn = (broken: OutOfTurn) => events.onOutOfTurn(broken);
  const order = guardOrder(client, onOutOfTurn, new RekeyTime(rekeyTimeout, onExceeded));
  knowForwardsByOwnNamesOnly(client);
  keepKeepaliveTimer(client);
  boundWindows(client, onExceeded);
  knowOurs(client);
  boundPacketSizes(client, onExceeded);
  boundAnswers(client, output, onExceeded);
  boundUnasked(client, onExceeded);
  onSilentDisconnect(client, (code, text) => events.onSilentDisconnect(code, text));
  return order;
}

/**
 * Makes the login safe and quick. Call it once, when the first keys are exchanged and nothing of the login has been sent or
 * may have been received: a connection that still waits for its server needs none of this.
 * @throws Error if this version of ssh2 cannot be made safe.
 */
export function mendLogin(
  client: Client,
  order: MessageOrder,
  { auth, plan }: Login,
  serverVersion: string,
  events: MendEvents,
): void {
  guardLogin(client, order);
  boundLoginTalk(client, (what) => events.onExceeded(what));
  auth.begin(client);
  authenticateEarly(client, isOpenSsh(serverVersion), (ms) => plan.behindLogin?.timed(ms));
  behindFirstLogin(client, plan.behindLogin, serverVersion);
}
