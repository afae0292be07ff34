import type { Client } from 'ssh2';
import { handlersOf } from '../insides/messages/inbound.ts';
import { replaceUntilLogin } from '../insides/until-login.ts';
import type { OnExceeded } from './receive-window.ts';

/** Far more than any real login needs; each question may reach a person. */
const most = { signatures: 50, rounds: 50, prompts: 100, banners: 100, bannerBytes: 256 * 1024 };

/**
 * Limits what a server says and asks during the login: signatures (RFC 4252 section 7), which an agent may show to a person
 * and which a server may ask for again although it has one; rounds and prompts of keyboard-interactive (RFC 4256), and
 * banners (RFC 4252 section 5.4). Call it right after `client.connect`; returns false if ssh2's internals have changed.
 */
export function boundLoginTalk(client: Client, onExceeded: OnExceeded): boolean {
  const handlers = handlersOf(client);
  const {
    USERAUTH_PK_OK: onAccepted,
    USERAUTH_INFO_REQUEST: onAsked,
    USERAUTH_BANNER: onBanner,
  } = handlers ?? {};
  if (!handlers || !onAccepted || !onAsked || !onBanner) return false;
  let signatures = 0;
  let rounds = 0;
  let banners = 0;
  let bannerBytes = 0;
  replaceUntilLogin(client, handlers, 'USERAUTH_PK_OK', (protocol, ...key) => {
    if (++signatures > most.signatures)
      onExceeded(`it asked for more than ${most.signatures} signatures during one login`);
    else onAccepted(protocol, ...key);
  });
  replaceUntilLogin(client, handlers, 'USERAUTH_INFO_REQUEST', (protocol, name, instructions, prompts) => {
    const count = Array.isArray(prompts) ? prompts.length : 0;
    if (++rounds > most.rounds) onExceeded(`it asked more than ${most.rounds} times during one login`);
    else if (count > most.prompts) onExceeded(`it asked ${count} questions at once (limit ${most.prompts})`);
    else onAsked(protocol, name, instructions, prompts);
  });
  replaceUntilLogin(client, handlers, 'USERAUTH_BANNER', (protocol, message) => {
    bannerBytes += message.length;
    if (++banners > most.banners) onExceeded(`it sent more than ${most.banners} login banners`);
    else if (bannerBytes > most.bannerBytes)
      onExceeded(`its login banners add up to ${bannerBytes} bytes (limit ${most.bannerBytes})`);
    else onBanner(protocol, message);
  });
  return true;
}
