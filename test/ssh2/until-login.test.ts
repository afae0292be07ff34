import type { Client } from 'ssh2';
import { describe, expect, it } from 'vitest';
import { passInbound, stopPassing } from '../../src/ssh2/insides/messages/packets.ts';
import { loginSucceeded, replaceUntilLogin } from '../../src/ssh2/insides/until-login.ts';

describe('a member replaced only for the login', () => {
  it('is restored once after the login, however often it was replaced', () => {
    const client = {} as Client;
    const target = { first: 'one', second: 'two', third: 'three' };
    replaceUntilLogin(client, target, 'first', 'ours');
    replaceUntilLogin(client, target, 'second', 'ours');
    replaceUntilLogin(client, target, 'first', 'ours again');
    expect(target).toEqual({ first: 'ours again', second: 'ours', third: 'three' });
    loginSucceeded(client);
    expect(target).toEqual({ first: 'one', second: 'two', third: 'three' });
    target.first = 'of another';
    loginSucceeded(client);
    expect(target.first).toBe('of another');
  });

  it('concerns one client', () => {
    const target = { first: 'one' };
    replaceUntilLogin({} as Client, target, 'first', 'ours');
    loginSucceeded({} as Client);
    expect(target.first).toBe('ours');
  });
});

describe('observers of messages', () => {
  function clientThatReads() {
    const reader = { read: (packet: Buffer) => packet };
    const protocol = { _packetRW: { read: reader, write: 'writer' } };
    return { protocol, client: { _protocol: protocol } as unknown as Client };
  }

  it('are called in order, and one that unsubscribes does not affect the others', () => {
    const { protocol, client } = clientThatReads();
    const seen: string[] = [];
    const once = (payload: Buffer) => {
      seen.push('once');
      stopPassing(client, once);
      return payload;
    };
    passInbound(client, once);
    passInbound(client, (payload) => {
      seen.push('always');
      return payload.subarray(1);
    });
    const read = () => protocol._packetRW.read.read(Buffer.from([20, 1, 2]));
    expect([...read()]).toEqual([1, 2]);
    expect([...read()]).toEqual([1, 2]);
    expect(seen).toEqual(['once', 'always', 'always']);
    expect(protocol._packetRW.write).toBe('writer');
  });

  it('also observe the next reader, which ssh2 creates at each key exchange', () => {
    const { protocol, client } = clientThatReads();
    passInbound(client, (payload) => payload.subarray(1));
    protocol._packetRW.read = { read: () => Buffer.from([7, 8]) };
    expect([...protocol._packetRW.read.read(Buffer.alloc(0))]).toEqual([8]);
  });
});
