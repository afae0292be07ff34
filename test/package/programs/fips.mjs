// Logs in with what a FIPS module leaves of the crypto: no ChaCha20, no Curve25519, no MD5. Arguments: the port and the
// fingerprint of a server. Prints what the server said.
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

const refused = () => {
  throw new Error('error:0308010C:digital envelope routines::unsupported');
};
const real = { ...crypto };
const is25519 = (key) => /25519/.test((key?.key ?? key)?.asymmetricKeyType ?? '');
Object.assign(crypto, {
  getCiphers: () => real.getCiphers().filter((name) => !/chacha|des|rc4|bf|cast/i.test(name)),
  getHashes: () => real.getHashes().filter((name) => !/md5|md4|ripemd/i.test(name)),
  createCipheriv: (name, ...rest) => (/chacha/.test(name) ? refused() : real.createCipheriv(name, ...rest)),
  createDecipheriv: (name, ...rest) =>
    /chacha/.test(name) ? refused() : real.createDecipheriv(name, ...rest),
  createHash: (name, ...rest) => (/md5/i.test(name) ? refused() : real.createHash(name, ...rest)),
  generateKeyPairSync: (kind, ...rest) =>
    /25519/.test(kind) ? refused() : real.generateKeyPairSync(kind, ...rest),
  sign: (hash, data, key) =>
    is25519(typeof key === 'string' ? real.createPrivateKey(key) : key)
      ? refused()
      : real.sign(hash, data, key),
  verify: (hash, data, key, ...rest) =>
    is25519(typeof key === 'string' ? real.createPublicKey(key) : key)
      ? refused()
      : real.verify(hash, data, key, ...rest),
});
syncBuiltinESMExports();

const { connectViaGateway } = await import('ssh-via-gateway');
const [, , port, fingerprint] = process.argv;
const connection = await connectViaGateway({
  ...{ host: '127.0.0.1', port: Number(port), username: 'rpa', password: 'rpa', retry: false },
  hostKey: { fingerprint },
});
const { stdout } = await connection.exec('echo approved');
await connection.upload(Buffer.alloc(100_000, 'x'), '/file', { verify: 'sha256' });
await connection.close();
console.log(stdout.trim());
