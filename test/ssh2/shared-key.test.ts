import { expect, test, vi } from 'vitest';
import { knownPrivateKey, parsePrivateKey } from '../../src/ssh2/login/key-formats/private-key.ts';
import { sharedKey } from '../../src/ssh2/login/key-formats/shared-key.ts';
import { keygen } from '../support/private-keys.ts';

type Key = Awaited<ReturnType<typeof parsePrivateKey>>;
const keyOf = (name: string) => ({ name }) as unknown as Key;

test('many connections with one key parse it once', async () => {
  const { privateKey } = await keygen('-t', 'ed25519', '-N', '');
  const [first, ...others] = await Promise.all(
    Array.from({ length: 5 }, () => parsePrivateKey('privateKey', privateKey, undefined)),
  );
  for (const other of others) expect(other).toBe(first);
  expect(await parsePrivateKey('privateKey', privateKey, undefined)).toBe(first);
});

test('a different text or passphrase is a different key', async () => {
  const read = vi.fn(async () => keyOf(`${read.mock.calls.length}`));
  const keys = await Promise.all([
    sharedKey('one', 'a', read),
    sharedKey('two', 'a', read),
    sharedKey('one', 'b', read),
    sharedKey('one', undefined, read),
    sharedKey('one', 'a', read),
  ]);
  expect(read).toHaveBeenCalledTimes(4);
  expect(keys[4]).toBe(keys[0]);
  expect(new Set(keys).size).toBe(4);
});

test('a key with a passphrase as bytes, which may be overwritten, is never shared', async () => {
  const read = vi.fn(async () => keyOf('each time'));
  const passphrase = Buffer.from('a');
  await Promise.all([sharedKey('bytes', passphrase, read), sharedKey('bytes', passphrase, read)]);
  expect(read).toHaveBeenCalledTimes(2);
});

test('a key that could not be parsed is parsed again', async () => {
  const key = keyOf('at last');
  const read = vi.fn(async () => key).mockRejectedValueOnce(new Error('no'));
  const both = await Promise.allSettled([sharedKey('late', 'a', read), sharedKey('late', 'a', read)]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(read).toHaveBeenCalledOnce();
  expect(await sharedKey('late', 'a', read)).toBe(key);
});

test('only the newest keys are remembered', async () => {
  const held = await Promise.all(
    Array.from({ length: 21 }, (_, n) => sharedKey(`key ${n}`, undefined, async () => keyOf(`${n}`))),
  );
  const again = vi.fn(async () => keyOf('again'));
  expect(await sharedKey('key 20', undefined, again)).toBe(held[20]);
  expect(again).not.toHaveBeenCalled();
  await sharedKey('key 0', undefined, again);
  expect(again).toHaveBeenCalledOnce();
});

test('a key in use is there at once, for its own text and passphrase only', async () => {
  const { privateKey } = await keygen('-t', 'ed25519', '-N', '');
  expect(knownPrivateKey(privateKey, undefined)).toBeUndefined();
  const key = await parsePrivateKey('privateKey', privateKey, undefined);
  expect(knownPrivateKey(privateKey, undefined)).toBe(key);
  expect(knownPrivateKey(Buffer.from(privateKey), undefined)).toBe(key);
  expect(knownPrivateKey(privateKey, 'a passphrase')).toBeUndefined();
  expect(knownPrivateKey(privateKey, Buffer.from('a passphrase'))).toBeUndefined();
});
