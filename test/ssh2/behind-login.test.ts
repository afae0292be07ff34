import ssh2, { type Client, type ParsedKey } from 'ssh2';
import { describe, expect, it, vi } from 'vitest';
import { behindFirstLogin } from '../../src/ssh2/insides/ahead/behind-login.ts';
import { authenticateEarly } from '../../src/ssh2/insides/ahead/early-auth.ts';
import { loginSucceeded } from '../../src/ssh2/insides/until-login.ts';

function keys(): { own: ParsedKey; ofAgent: ParsedKey } {
  const pair = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 });
  const parse = (text: string) => ssh2.utils.parseKey(text) as ParsedKey;
  return { own: parse(pair.private), ofAgent: parse(pair.public) };
}

/** The parts of ssh2 that a login uses. Its requests leave at once, unless the key has yet to be signed with. */
function loginWith(
  { compress = 'none', kexInit }: { compress?: string | undefined; kexInit?: object } = {},
  isTaken = true,
) {
  const queue: string[] = [];
  const leave = () => void queue.push('request');
  const handlers: Record<string, (...given: unknown[]) => void> = {
    USERAUTH_SUCCESS: vi.fn(),
    USERAUTH_FAILURE: vi.fn(),
  };
  const encrypt = vi.fn();
  const alloc = (length: number) => Buffer.alloc(length);
  const protocol = {
    authPassword: leave,
    authKeyboard: leave,
    authNone: leave,
    authPK: (
      _user: string,
      _key: ParsedKey,
      _algorithm?: string,
      sign?: (d: Buffer, done: () => void) => void,
    ) => (sign ? sign(Buffer.from('data'), leave) : leave()),
    _authsQueue: queue,
    _handlers: handlers,
    _kexinit: kexInit,
    _kex: { negotiated: { cs: { compress } } },
    _cipher: { encrypt },
    _packetRW: { read: {}, write: { allocStart: 0, alloc, finalize: (packet: Buffer) => packet } },
  };
  const client = { _protocol: protocol } as unknown as Client;
  const onSent = vi.fn(() => isTaken);
  const onRefused = vi.fn();
  authenticateEarly(client);
  behindFirstLogin(client, { open: onSent, loginRefused: onRefused, timed: () => {} }, 'OpenSSH_9.9');
  return { client, protocol, handlers, onSent, onRefused, encrypt };
}

describe('what may leave behind a login', () => {
  it('follows a first request with a password or a signature', () => {
    const byPassword = loginWith();
    byPassword.protocol.authPassword();
    expect(byPassword.onSent).toHaveBeenCalledTimes(1);
    const byKey = loginWith();
    byKey.protocol.authPK('rpa', keys().own);
    expect(byKey.onSent).toHaveBeenCalledTimes(1);
  });

  it('does not follow a request that only asks, nor any after the first', () => {
    const { protocol, onSent } = loginWith();
    protocol.authPK('rpa', keys().ofAgent);
    protocol.authPassword();
    expect(onSent).not.toHaveBeenCalled();
    for (const name of ['authNone', 'authKeyboard'] as const) {
      const other = loginWith();
      other.protocol[name]();
      other.protocol.authPassword();
      expect(other.onSent).not.toHaveBeenCalled();
    }
  });

  it('does not follow one that has not left yet', () => {
    const { protocol, onSent } = loginWith();
    protocol.authPK('rpa', keys().own, undefined, () => {});
    expect(onSent).not.toHaveBeenCalled();
  });

  it.each([
    ['zlib@openssh.com is agreed on', { compress: 'zlib@openssh.com' }],
    ['zlib is', { compress: 'zlib' }],
    ['keys are being exchanged', { kexInit: {} }],
    ['ssh2 does not say', { compress: '' }],
  ])('does not while %s', (_what, how) => {
    const { protocol, onSent } = loginWith(how);
    protocol.authPassword();
    expect(onSent).not.toHaveBeenCalled();
  });

  it('has the answer to the login acknowledged, if anything has left', () => {
    const { protocol, handlers, encrypt } = loginWith();
    protocol.authPassword();
    expect(encrypt).not.toHaveBeenCalled();
    handlers['USERAUTH_SUCCESS']?.();
    // SSH_MSG_IGNORE with an empty string.
    expect(encrypt.mock.calls[0]?.[0]).toEqual(Buffer.from([2, 0, 0, 0, 0]));
    const nothing = loginWith({}, false);
    nothing.protocol.authPassword();
    nothing.handlers['USERAUTH_SUCCESS']?.();
    expect(nothing.encrypt).not.toHaveBeenCalled();
    const refused = loginWith();
    refused.protocol.authPassword();
    refused.handlers['USERAUTH_FAILURE']?.(refused.protocol, ['password'], false);
    refused.handlers['USERAUTH_SUCCESS']?.();
    expect(refused.encrypt).not.toHaveBeenCalled();
  });

  it('is told of a refusal, and nothing more after the login', () => {
    const { client, protocol, handlers, onSent, onRefused } = loginWith();
    handlers['USERAUTH_FAILURE']?.(protocol, ['password'], false);
    expect(onRefused).toHaveBeenCalledTimes(1);
    loginSucceeded(client);
    handlers['USERAUTH_FAILURE']?.(protocol, ['password'], false);
    protocol.authPassword();
    expect(onRefused).toHaveBeenCalledTimes(1);
    expect(onSent).not.toHaveBeenCalled();
  });
});
