import type { Client } from 'ssh2';
import {
  isStrictKex,
  judgeInbound,
  judgePlainOutbound,
  onEmptyMessage,
  onLoginRequest,
  sendDisconnect,
} from '../insides/messages/packets.ts';
import { messageName } from './message-names.ts';
import { MessageOrder, mayLeaveInPlainText, type OutOfTurn, type Rekeys } from './message-order.ts';

/** SSH_DISCONNECT_PROTOCOL_ERROR (RFC 4253 section 11.1). */
const protocolError = 2;

/**
 * Lets no message that is out of turn reach ssh2, and nothing but the key exchange leave unencrypted. Call it after
 * `client.connect`, before anything is received. `onBroken` must see to it that nothing more is read.
 */
export function guardOrder(
  client: Client,
  onBroken: (broken: OutOfTurn) => void,
  rekeys: Rekeys,
): MessageOrder {
  const order = new MessageOrder(() => isStrictKex(client), rekeys);
  const judge = (broken: OutOfTurn | undefined) => {
    if (!broken) return;
    sendDisconnect(client, protocolError);
    onBroken(broken);
    throw new Error(`${broken.message} out of turn`);
  };
  const guarded =
    judgeInbound(client, (type) => judge(order.receive(type))) &&
    onEmptyMessage(client, () => judge(order.receive(undefined))) &&
    judgePlainOutbound(client, judgePlain);
  if (!guarded) throw notAllowed();
  return order;
}

/** Goes on with the login: its answers are out of turn before it has asked for something. Call it before the login begins. */
export function guardLogin(client: Client, order: MessageOrder): void {
  if (!onLoginRequest(client, () => order.loginRequested())) throw notAllowed();
}

function judgePlain(type: number): void {
  if (!mayLeaveInPlainText(type)) throw new Error(`${messageName(type)} was about to be sent unencrypted`);
}

function notAllowed(): Error {
  return new Error('this version of ssh2 does not allow checks of the order of messages');
}
