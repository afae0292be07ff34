import ssh2, { type ParsedKey } from 'ssh2';
import { expect, it } from 'vitest';
import { generatedKey } from '../../src/mock-server/keys.ts';

// Of the keys that ssh2's own generator makes, one in three hundred is not readable.
it('makes keys that are all readable, whatever their bytes and the length of their names', () => {
  for (let n = 0; n < 1_000; n++) {
    const comment = `${n}${'x'.repeat(n % 9)}`;
    const pair = generatedKey(comment);
    const [own, line] = [pair.privateKey, pair.publicKey].map((text) => ssh2.utils.parseKey(text));
    expect(own, comment).not.toBeInstanceOf(Error);
    expect((own as ParsedKey).getPublicSSH()).toEqual((line as ParsedKey).getPublicSSH());
    expect((line as ParsedKey).comment).toBe(comment);
    const signature = (own as ParsedKey).sign('data') as Buffer;
    expect((line as ParsedKey).verify('data', signature)).toBe(true);
  }
});

it('makes one key for each purpose', () => {
  expect(generatedKey('one')).toBe(generatedKey('one'));
  expect(generatedKey('one').privateKey).not.toBe(generatedKey('other').privateKey);
});
