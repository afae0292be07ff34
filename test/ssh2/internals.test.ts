import ssh2, { type Client } from 'ssh2';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import * as internals from '../../src/ssh2/insides/internals.ts';
import { login, logout } from '../mock-server/support.ts';

let server: MockServer;
let client: Client;
beforeEach(async () => {
  server = await startMockServer();
  client = await login(server);
});
afterEach(async () => {
  await logout(client);
  await server.close();
});

describe('the internals of ssh2 that we rely on', () => {
  it('exist', () => {
    const protocol = internals.protocolOf(client);
    expect(protocol).toMatchObject({
      _destruct: expect.any(Function),
      _handlers: { USERAUTH_FAILURE: expect.any(Function), DISCONNECT: expect.any(Function) },
      ping: expect.any(Function),
      signal: expect.any(Function),
      channelWindowAdjust: expect.any(Function),
    });
  });

  it('give the id of the next channel, and close it if ssh2 forgets it', async () => {
    server.setFaults({ exec: { refuse: true } });
    await logout(client);
    client = await login(server);
    const id = internals.nextChannelId(client);
    await new Promise((resolve) => client.exec('x', (error) => resolve(error)));
    await new Promise<void>((resolve) => {
      expect(internals.closeForgottenChannel(client, id, resolve)).toBe(true);
    });
    expect(internals.closeForgottenChannel(client, id, () => {})).toBe(false);
    expect(internals.closeForgottenChannel(client, undefined, () => {})).toBe(false);
  });

  it('are optional if ssh2 has changed: everything falls back', () => {
    const other = new ssh2.Client();
    for (const strange of [other, {} as Client, { _protocol: {} } as unknown as Client]) {
      expect(() => internals.deferDestruction(strange)).not.toThrow();
      expect(() => internals.onServerDebug(strange, () => {})).not.toThrow();
      expect(() => internals.onAuthFailure(strange, () => {})).not.toThrow();
      expect(() => internals.onSilentDisconnect(strange, () => {})).not.toThrow();
      expect(() => internals.onServerSignatureAlgorithms(strange, () => {})).not.toThrow();
      expect(internals.closeForgottenChannel(strange, 0, () => {})).toBe(false);
    }
    expect(internals.expectGlobalReply({} as Client, () => {})).toBe(false);
    expect(internals.nextChannelId({} as Client)).toBeUndefined();
  });
});

describe('the destruction of the ciphers', () => {
  it('waits for the packet handler to return, without parsing or sending meanwhile', async () => {
    internals.deferDestruction(client);
    const protocol = internals.protocolOf(client) as internals.Protocol & { parse(): void; _onWrite(): void };
    const { parse } = protocol;
    protocol._destruct?.('test');
    expect(protocol._destruct).toBeUndefined();
    expect(protocol.parse).not.toBe(parse);
    expect(() => protocol.parse()).not.toThrow();
    expect(() => protocol._onWrite()).not.toThrow();
    await new Promise((resolve) => setImmediate(resolve));
    // Now ssh2's own.
    expect(() => protocol.parse()).toThrow(/Instance unusable/);
    client.destroy();
  });
});

describe('a disconnect with BY_APPLICATION', () => {
  it.each([
    [11, 'maintenance', [[11, 'maintenance']]],
    [2, 'maintenance', []],
  ])('with reason %d is reported as %o', async (code, message, wanted) => {
    server.setFaults({ disconnect: { phase: 'ready', code, message, afterMs: 30 } });
    await logout(client);
    client = await login(server);
    client.on('error', () => {});
    const heard: unknown[] = [];
    internals.onSilentDisconnect(client, (...what) => heard.push(what));
    await new Promise<void>((resolve) => client.once('close', () => resolve()));
    expect(heard).toEqual(wanted);
    client = await login(server).catch(() => client);
  });
});

describe('the methods that can continue', () => {
  it('are reported at each failure', async () => {
    const listener = vi.fn();
    const other = new ssh2.Client();
    const failed = new Promise((resolve) => other.once('error', resolve));
    other.connect({ host: server.host, port: server.port, username: 'rpa', password: 'wrong' });
    internals.onAuthFailure(other, listener);
    await failed;
    other.end();
    expect(listener).toHaveBeenCalledWith(expect.arrayContaining(['password']), false);
  });
});
