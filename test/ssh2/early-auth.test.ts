import ssh2, { type Client, type ParsedKey } from 'ssh2';
import { describe, expect, it, vi } from 'vitest';
import { authenticateEarly } from '../../src/ssh2/insides/ahead/early-auth.ts';

/** The parts of ssh2's protocol object that a login uses, as far as a test gives them. */
function clientWith(protocol: Record<string, unknown>): Client {
  return { _protocol: protocol } as unknown as Client;
}

function keys(): { own: ParsedKey; ofAgent: ParsedKey } {
  const pair = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 });
  const parse = (text: string) => ssh2.utils.parseKey(text) as ParsedKey;
  return { own: parse(pair.private), ofAgent: parse(pair.public) };
}

describe('early authentication', () => {
  it('signs the first request with a key in memory', () => {
    const authPK = vi.fn();
    const protocol = { authPK };
    authenticateEarly(clientWith(protocol));
    protocol.authPK('rpa', keys().own, undefined);
    const sign = authPK.mock.calls[0]?.[3];
    const signature = vi.fn();
    sign(Buffer.from('data'), signature);
    expect(signature).toHaveBeenCalledWith(expect.any(Buffer));
  });

  it('only queries a key of an agent', () => {
    const authPK = vi.fn();
    const protocol = { authPK };
    authenticateEarly(clientWith(protocol));
    protocol.authPK('rpa', keys().ofAgent, undefined);
    expect(authPK.mock.calls[0]?.[3]).toBeUndefined();
  });

  it('starts right after the service request, once, and acknowledges the reply', () => {
    const begin = vi.fn();
    const encrypt = vi.fn();
    const writer = {
      allocStart: 5,
      alloc: (length: number) => Buffer.alloc(length + 5),
      finalize: (p: Buffer) => p,
    };
    const handlers: Record<string, (...given: unknown[]) => void> = { SERVICE_ACCEPT: begin };
    const protocol = {
      service: vi.fn(),
      _handlers: handlers,
      _cipher: { encrypt },
      _packetRW: { write: writer },
    };
    authenticateEarly(clientWith(protocol));
    protocol.service('ssh-userauth');
    expect(begin).toHaveBeenCalledTimes(1);
    handlers['SERVICE_ACCEPT']?.(protocol, 'ssh-userauth');
    expect(begin).toHaveBeenCalledTimes(1);
    // SSH_MSG_IGNORE with an empty string.
    expect(encrypt.mock.calls[0]?.[0].subarray(5)).toEqual(Buffer.from([2, 0, 0, 0, 0]));
  });

  it('does not acknowledge the reply of a server that may lose what comes with it', () => {
    const encrypt = vi.fn();
    const writer = {
      allocStart: 0,
      alloc: (length: number) => Buffer.alloc(length),
      finalize: (p: Buffer) => p,
    };
    const handlers: Record<string, () => void> = { SERVICE_ACCEPT: () => {} };
    const protocol = {
      service: vi.fn(),
      _handlers: handlers,
      _cipher: { encrypt },
      _packetRW: { write: writer },
    };
    authenticateEarly(clientWith(protocol), false);
    handlers['SERVICE_ACCEPT']?.();
    expect(encrypt).not.toHaveBeenCalled();
    authenticateEarly(clientWith(protocol), true);
    handlers['SERVICE_ACCEPT']?.();
    expect(encrypt).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['no protocol', undefined],
    ['nothing of what it needs', {}],
    ['no handlers', { service: () => {}, authPK: 'not a function' }],
  ])('does not apply to a client that has %s', (_what, protocol) => {
    const before = { ...protocol };
    authenticateEarly({ _protocol: protocol } as unknown as Client);
    expect({ ...protocol }).toEqual(before);
  });

  it('waits for the reply as ssh2 does if handlers are missing', () => {
    const service = vi.fn();
    const protocol = { service, _handlers: {} };
    authenticateEarly(clientWith(protocol));
    expect(protocol.service).toBe(service);
  });
});
