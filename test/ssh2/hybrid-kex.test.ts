import {
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  verify,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Client } from 'ssh2';
import { describe, expect, it } from 'vitest';
import { WireReader } from '../../src/host-key/keys/wire-reader.ts';
import { wireString } from '../../src/host-key/keys/wire-string.ts';
import { hybridKex, offerHybrid } from '../../src/ssh2/insides/key-exchange/hybrid-kex.ts';
import { nobleKeys } from '../support/noble-ml-kem.ts';

/** A key exchange of OpenSSH 10.5 with this library, as it was on the wire, and the client's private keys. */
const recorded = JSON.parse(
  readFileSync(new URL('openssh-10.5-hybrid-kex.json', import.meta.url), 'utf8'),
) as Record<string, string>;
const bytes = (name: string) => Buffer.from(recorded[name] ?? '', 'base64');

const ours = [hybridKex, 'curve25519-sha256', 'ecdh-sha2-nistp256'];

class Offer {
  lists: Record<string, unknown>;
  constructor({ kex, serverHostKey, cs, sc }: Record<string, string[] & Record<string, string[]>>) {
    const direction = (lists: Record<string, string[]> = {}) =>
      Object.fromEntries(Object.entries(lists).map(([name, array]) => [name, { array }]));
    this.lists = {
      ...{ kex: { array: kex }, serverHostKey: { array: serverHostKey } },
      ...{ cs: direction(cs), sc: direction(sc) },
    };
  }
}

/** The parts of ssh2 that it takes. */
function stub(makeKeys = () => nobleKeys(bytes('mlKemSeed')), names: readonly string[] = ours) {
  const direction = { cipher: ['aes'], mac: ['mac'], compress: ['none'], lang: [] };
  const _offer = new Offer({
    kex: ['curve25519-sha256', 'ext-info-c', 'kex-strict-c-v00@openssh.com'],
    serverHostKey: ['ssh-ed25519'],
    ...{ cs: direction, sc: direction },
  } as never);
  const protocol = { _offer, _packetRW: { read: { read: (packet: Buffer) => packet } }, _kex: undefined };
  expect(offerHybrid({ _protocol: protocol } as unknown as Client, names, makeKeys)).toBe(true);
  return {
    read: (packet: Buffer) => protocol._packetRW.read.read(packet),
    kexNames: () => (protocol._offer.lists['kex'] as { array: string[] }).array,
    begin<Kex>(kex: Kex): Kex {
      protocol._kex = kex as never;
      return kex;
    },
  };
}

function kexInit(names: string[]): Buffer {
  return Buffer.concat([Buffer.alloc(17, 20), wireString(names.join(',')), Buffer.from('what follows')]);
}

function namesIn(payload: Buffer): string[] {
  const reader = new WireReader(payload);
  reader.take(17);
  return reader.string().toString().split(',');
}

/** X25519 as ssh2 has it. @param outcome in place of its secret */
function classicExchange(privateKey: KeyObject, outcome?: Buffer | Error) {
  const header = Buffer.from('302a300506032b656e032100', 'hex');
  return {
    negotiated: { kex: 'curve25519-sha256' },
    _remoteKexinit: Buffer.alloc(0),
    getPublicKey: () =>
      createPublicKey(privateKey as never)
        .export({ format: 'der', type: 'spki' })
        .subarray(-32),
    convertPublicKey: (key: Buffer) => key.subarray(key.findIndex((byte) => byte !== 0)),
    computeSecret(theirs: Buffer): Buffer | Error {
      if (outcome) return outcome;
      const publicKey = createPublicKey({
        key: Buffer.concat([header, theirs]),
        ...{ format: 'der', type: 'spki' },
      });
      const secret = diffieHellman({ privateKey, publicKey });
      const short = secret.subarray(secret.findIndex((byte) => byte !== 0));
      return (short[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.alloc(1), short]) : short;
    },
  };
}

const recordedKey = () => createPrivateKey({ key: bytes('x25519'), format: 'der', type: 'pkcs8' });

describe('the hybrid key exchange', () => {
  it('agrees with a signature of OpenSSH 10.5', () => {
    const client = stub();
    client.read(bytes('serverKexInit'));
    const kex = client.begin(classicExchange(recordedKey()));
    expect(kex.negotiated.kex).toBe(hybridKex);
    expect(kex.getPublicKey()).toEqual(bytes('clientPart'));
    const secret = kex.computeSecret(bytes('serverPart')) as Buffer;
    const hash = createHash('sha256');
    for (const part of [
      Buffer.from(recorded['clientIdentification'] ?? ''),
      Buffer.from(recorded['serverIdentification'] ?? ''),
      bytes('clientKexInit'),
      kex._remoteKexinit,
      bytes('hostKey'),
      kex.getPublicKey(),
      kex.convertPublicKey(bytes('serverPart')),
      secret,
    ]) {
      hash.update(wireString(part));
    }
    const last = (name: string, length: number) => bytes(name).subarray(-length);
    const header = Buffer.from('302a300506032b6570032100', 'hex');
    const hostKey = createPublicKey({
      key: Buffer.concat([header, last('hostKey', 32)]),
      ...{ format: 'der', type: 'spki' },
    });
    expect(verify(null, hash.digest(), hostKey, last('signature', 64))).toBe(true);
  });

  it.each([
    ['a byte less', (part: Buffer) => part.subarray(1)],
    ['a byte more', (part: Buffer) => Buffer.concat([part, Buffer.alloc(1)])],
    ['nothing', () => Buffer.alloc(0)],
    ['the classic half alone', (part: Buffer) => part.subarray(-32)],
  ])('rejects a server that replies with %s', (_what, change) => {
    const client = stub();
    client.read(bytes('serverKexInit'));
    const kex = client.begin(classicExchange(recordedKey()));
    expect(kex.computeSecret(change(bytes('serverPart')))).toMatchObject({
      message: expect.stringMatching(/bytes instead of 1120/),
    });
  });

  it('keeps leading zeros of what is sent and of the secrets', () => {
    const client = stub(() => ({ publicKey: Buffer.alloc(1_184), decapsulate: () => Buffer.alloc(32, 7) }));
    client.read(kexInit(ours));
    const short = Buffer.alloc(30, 5);
    const kex = client.begin(classicExchange(recordedKey(), short));
    const part = Buffer.alloc(1_120);
    expect(kex.convertPublicKey(part)).toEqual(part);
    expect(kex.getPublicKey().subarray(0, 1_184)).toEqual(Buffer.alloc(1_184));
    const secrets = [Buffer.alloc(32, 7), Buffer.alloc(2), short];
    const expected = createHash('sha256').update(Buffer.concat(secrets)).digest();
    expect(kex.computeSecret(part)).toEqual(expected);
  });

  it('reports a failure of X25519', () => {
    const client = stub();
    client.read(kexInit(ours));
    const failed = new Error('all zeros');
    const kex = client.begin(classicExchange(recordedKey(), failed));
    expect(kex.computeSecret(Buffer.alloc(1_120))).toBe(failed);
  });
});

describe('what ssh2 reads of the lists', () => {
  it('is the classical half if both agree, and unchanged if not', () => {
    const client = stub();
    expect(namesIn(client.read(kexInit([hybridKex, 'x'])))).toEqual(['curve25519-sha256', 'x']);
    expect(client.kexNames()).toEqual(['curve25519-sha256']);
    const classic = kexInit(['ecdh-sha2-nistp256', 'curve25519-sha256']);
    expect(client.read(classic)).toEqual(classic);
    expect(client.kexNames()).toEqual(ours);
    const kex = client.begin(classicExchange(recordedKey()));
    expect(kex.negotiated.kex).toBe('curve25519-sha256');
  });

  it('does not change what follows the list', () => {
    const payload = stub().read(kexInit([hybridKex]));
    expect(payload.subarray(-12).toString()).toBe('what follows');
  });

  it('follows our order', () => {
    const client = stub(undefined, ['curve25519-sha256', hybridKex]);
    const theirs = kexInit([hybridKex, 'curve25519-sha256']);
    expect(client.read(theirs)).toEqual(theirs);
  });

  it('does not turn a wrong guess into a right one (RFC 4253 section 7)', () => {
    const names = namesIn(stub().read(kexInit(['curve25519-sha256', hybridKex])));
    expect(names[0]).not.toBe('curve25519-sha256');
    expect(names).toContain('curve25519-sha256');
  });

  it('is not changed if malformed, so that ssh2 rejects it', () => {
    const cut = kexInit([hybridKex]).subarray(0, 30);
    expect(stub().read(cut)).toEqual(cut);
  });

  it('keeps what follows the algorithms', () => {
    const lists = stub().kexNames();
    expect(lists.slice(0, 3)).toEqual(ours);
    expect(lists.slice(3)).toEqual(['ext-info-c', 'kex-strict-c-v00@openssh.com']);
  });
});
