/** What is wrong with a key, in words that follow "option NAME: ". */
export class KeyProblem extends Error {
  override readonly name = 'KeyProblem';
}

/** The passphrase is missing or wrong. */
export class PassphraseProblem extends Error {
  override readonly name = 'PassphraseProblem';
}

/** The passphrase that an encrypted key needs, in bytes. */
export function passphraseBytes(passphrase: string | Buffer | undefined): Buffer {
  if (passphrase === undefined) throw new PassphraseProblem('missing');
  return Buffer.from(passphrase as string);
}

/** For a type of key that cannot log in to any server. */
export function unusableKind(type: string): KeyProblem {
  return new KeyProblem(
    `a key of type ${type} given; one of Ed25519, ECDSA (P-256, P-384, P-521) or RSA would be right`,
  );
}
