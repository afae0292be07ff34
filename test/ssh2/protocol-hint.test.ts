import { expect, it } from 'vitest';
import type { ServerOffer } from '../../src/ssh2/insides/key-exchange/server-offer.ts';
import { protocolHint } from '../../src/ssh2/transport/protocol-hint.ts';

const offer = {
  kex: ['kex-1', 'kex-strict-s-v00@openssh.com', 'ext-info-s'],
  serverHostKey: ['key-1'],
  cipher: ['cipher-1', 'cipher-2'],
  mac: ['mac-1'],
} as unknown as ServerOffer;
const withKex = (...kex: string[]) => ({ ...offer, kex }) as ServerOffer;

it.each([
  ['key exchange algorithm', ' It offers kex-1.'],
  ['host key algorithm', ' It offers key-1.'],
  ['client-to-server cipher', ' It offers cipher-1, cipher-2.'],
  ['server-to-client MAC', ' It offers mac-1.'],
  ['compression method', ''],
])('says what the server offers instead of a missing %s', (what, offers) => {
  expect(protocolHint(what, false, offer)).toBe(
    `The server offers no ${what} that we do.${offers} Name what it offers in the option algorithms: either the server is old, or that option leaves it out.`,
  );
});

it('says no more than it knows, and no more than twenty names of sixty characters', () => {
  expect(protocolHint('key exchange algorithm', false, undefined)).not.toContain('It offers');
  const names = Array.from({ length: 30 }, (_, n) => `${n}`.padStart(61, 'x'));
  const hint = protocolHint('key exchange algorithm', false, withKex(...names));
  expect(hint.match(/\.\.\. \(1 more\)/g)).toHaveLength(20);
});

it.each([
  [
    ['mlkem768x25519-sha256', 'sntrup761x25519-sha512'],
    /of which this connection has none \(for mlkem768x25519-sha256, Node 24\.7 or later, and no algorithms\.kex without it\)/,
  ],
  [
    ['sntrup761x25519-sha512'],
    /only mlkem768x25519-sha256 is supported\. It offers sntrup761x25519-sha512\. Allow/,
  ],
])('recognizes a server that requires post-quantum algorithms: %j', (kex, words) => {
  expect(protocolHint('key exchange algorithm', false, withKex(...kex))).toMatch(words);
});

it.each([[['sntrup761x25519-sha512', 'kex-1']], [[]]])('does not recognize %j as one', (kex) => {
  expect(protocolHint('key exchange algorithm', false, withKex(...kex))).toMatch(/^The server offers no key/);
});

it('distinguishes an impostor from a broken stream', () => {
  expect(protocolHint(undefined, true, offer)).toMatch(/does not own the host key/);
  expect(protocolHint(undefined, false, offer)).toMatch(/not what SSH prescribes/);
});
