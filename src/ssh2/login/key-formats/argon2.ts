import crypto from 'node:crypto';

export interface Argon2Cost {
  algorithm: 'argon2id' | 'argon2i' | 'argon2d';
  /** KiB. */
  memory: number;
  passes: number;
  parallelism: number;
  salt: Buffer;
}

interface WithArgon2 {
  argon2?(
    algorithm: string,
    parameters: object,
    callback: (error: Error | null, bytes: Buffer) => void,
  ): void;
}

/** Argon2 (RFC 9106): the runtime's own implementation (Node.js 24.7 and later), otherwise one in JavaScript. */
export async function argon2(passphrase: Buffer, cost: Argon2Cost, length: number): Promise<Buffer> {
  const { algorithm, memory, passes, parallelism, salt } = cost;
  const native = (crypto as WithArgon2).argon2;
  if (native) {
    const parameters = { message: passphrase, nonce: salt, parallelism, tagLength: length, memory, passes };
    return new Promise((resolve, reject) => {
      native(algorithm, parameters, (error, bytes) => (error ? reject(error) : resolve(bytes)));
    });
  }
  const { argon2dAsync, argon2iAsync, argon2idAsync } = await import('@noble/hashes/argon2.js');
  const derive = { argon2d: argon2dAsync, argon2i: argon2iAsync, argon2id: argon2idAsync }[algorithm];
  const options = { t: passes, m: memory, p: parallelism, dkLen: length, maxmem: 2 ** 31 };
  return Buffer.from(await derive(passphrase, salt, options));
}
