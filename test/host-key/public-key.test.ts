import { expect, test } from 'vitest';
import { readPublicKey, resolveKeyType } from '../../src/host-key/keys/public-key.ts';
import {
  certificateBlob,
  ecdsaBlob,
  ed25519Blob,
  rsaBlob,
  wire,
  wireMpint,
  wireString,
} from '../support/known-hosts-keys.ts';

const ed25519 = ed25519Blob();
const ecdsa = ecdsaBlob();

test.each([
  ['ssh-ed25519', ed25519],
  ['ecdsa-sha2-nistp256', ecdsa],
  ['ecdsa-sha2-nistp384', ecdsaBlob(384)],
  ['ecdsa-sha2-nistp521', ecdsaBlob(521)],
  ['ssh-rsa', rsaBlob(2048)],
  ['sk-ssh-ed25519@openssh.com', wire('sk-ssh-ed25519@openssh.com', Buffer.alloc(32, 1), 'ssh:')],
  ['ssh-dss', wire('ssh-dss', ...['p', 'q', 'g', 'y'])],
])('reads a key of type %s', (type, blob) => {
  expect(readPublicKey(blob)).toMatchObject({ type, certificate: false });
});

test('reads the key inside a certificate', () => {
  const key = readPublicKey(certificateBlob(ed25519, ecdsa));
  expect(key).toMatchObject({ type: 'ssh-ed25519', certificate: true });
  expect(key?.identity).toEqual(readPublicKey(ed25519)?.identity);
});

test('an RSA key is the same key however many zero bytes pad its numbers', () => {
  const modulus = Buffer.alloc(256, 0xc5);
  const exponent = Buffer.of(1, 0, 1);
  const padded = Buffer.concat([Buffer.alloc(3), modulus]);
  const usual = Buffer.concat([wireString('ssh-rsa'), wireMpint(exponent), wireMpint(modulus)]);
  const odd = Buffer.concat([wireString('ssh-rsa'), wireMpint(exponent), wireString(padded)]);
  expect(odd).not.toEqual(usual);
  expect(readPublicKey(odd)?.identity).toEqual(readPublicKey(usual)?.identity);
});

const offCurve = Buffer.from(ecdsa);
offCurve[offCurve.length - 1]! ^= 1;

test.each([
  ['no bytes', Buffer.alloc(0)],
  ['a length beyond the end', Buffer.of(0xff, 0xff, 0xff, 0xff, 1)],
  ['an unknown type', wire('ssh-future', Buffer.alloc(32))],
  ['a short Ed25519 key', wire('ssh-ed25519', Buffer.alloc(31))],
  ['a missing byte', ed25519.subarray(0, -1)],
  ['a surplus byte', Buffer.concat([ed25519, Buffer.alloc(1)])],
  ['a name with a NUL inside', wire('ssh-\0d25519', Buffer.alloc(32))],
  ['a point off its curve', offCurve],
  ['the wrong curve', wire('ecdsa-sha2-nistp256', 'nistp384', Buffer.alloc(65, 4))],
  ['a compressed point', wire('ecdsa-sha2-nistp256', 'nistp256', Buffer.alloc(33, 2))],
  [
    'an RSA key of 1016 bits',
    Buffer.concat([wire('ssh-rsa', Buffer.of(3)), wireMpint(Buffer.alloc(127, 0xff))]),
  ],
  [
    'an RSA key of 1023 bits',
    Buffer.concat([wire('ssh-rsa', Buffer.of(3)), wireMpint(Buffer.alloc(128, 0x7f))]),
  ],
  ['an RSA key without a modulus', wire('ssh-rsa', Buffer.of(3), '')],
  ['a negative number', wire('ssh-rsa', Buffer.of(3), Buffer.alloc(256, 0x80))],
  ['a number of more than 16384 bits', wire('ssh-rsa', Buffer.of(3), Buffer.alloc(2049, 0x7f))],
  ['a certificate cut short', certificateBlob(ed25519, ecdsa).subarray(0, -3)],
  ['a certificate whose authority is no key', certificateBlob(ed25519, wire('ssh-ed25519', ''))],
  ['a certificate of a certificate', certificateBlob(ed25519, certificateBlob(ed25519, ecdsa))],
])('rejects %s', (_, blob) => {
  expect(readPublicKey(blob)).toBeUndefined();
});

test.each([
  ['ssh-rsa', 'ssh-rsa', false],
  ['rsa-sha2-512', 'ssh-rsa', false],
  ['rsa-sha2-256-cert-v01@openssh.com', 'ssh-rsa', true],
  ['ssh-ed25519-cert-v01@openssh.com', 'ssh-ed25519', true],
  ['sk-ssh-ed25519-cert-v01@openssh.com', 'sk-ssh-ed25519@openssh.com', true],
  ['webauthn-sk-ecdsa-sha2-nistp256@openssh.com', 'sk-ecdsa-sha2-nistp256@openssh.com', false],
])('maps the name %s to the type %s', (name, type, certificate) => {
  expect(resolveKeyType(name)).toEqual({ type, certificate });
});

test.each(['', 'rsa', 'RSA', 'SSH-ED25519', 'ed25519', '-cert-v01@openssh.com', 'ssh-ed25519 '])(
  'does not know the type %j',
  (name) => {
    expect(resolveKeyType(name)).toBeUndefined();
  },
);
