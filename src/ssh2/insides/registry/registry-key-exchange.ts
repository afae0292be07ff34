import { table } from './inside.ts';

/** The rows of the registry for keys and exchanges that ssh2 does not know. */
export const keyExchangeInsides = table({
  'hybrid key exchange': {
    use: 'Offers mlkem768x25519-sha256; makes ssh2 believe that curve25519-sha256 was negotiated, and gives it the combined secret.',
    fault: 'Has no post-quantum key exchange, and throws for the names.',
    source:
      'draft-ietf-sshm-mlkem-hybrid-kex; FIPS 203; lib/protocol/kex.js `handleKexInit`, `createKeyExchange`',
    need: 'safety',
    test: 'test/ssh2/hybrid-kex.test.ts',
    members: {
      '_protocol._offer.lists': 'object',
      '_protocol._offer.constructor': 'function',
      '_protocol._packetRW.read.read': 'function',
    },
    replaced: [
      '_protocol._offer',
      '_protocol._kex',
      '_protocol._packetRW',
      'kex.getPublicKey',
      'kex.convertPublicKey',
      'kex.computeSecret',
    ],
    later: ['_protocol._kex', 'kex.negotiated.kex', 'kex._remoteKexinit'],
  },
  'host certificates': {
    use: 'Offers host certificate algorithms; gives ssh2 the certified key, but the certificate for the exchange hash.',
    fault: 'Has no certificates, and throws for the names.',
    source: 'RFC 4253 section 8; OpenSSH PROTOCOL.certkeys; lib/protocol/kex.js `finish`, `parse`',
    need: 'safety',
    test: 'test/interop/host-certificates.test.ts',
    members: {
      '_protocol._offer.lists': 'object',
      '_protocol._offer.constructor': 'function',
    },
    replaced: ['_protocol._offer', '_protocol._kex', 'kex.parse', 'kex.finish', 'kex.getPublicKey'],
    later: ['_protocol._kex', 'kex._hostKey', 'kex._finished'],
  },
  'shared offers': {
    use: 'Lets connections that offer the same algorithms share the list of them.',
    fault: 'Makes a list of its own for each connection that does not offer what ssh2 would by itself.',
    source: 'lib/protocol/kex.js `KexInit`',
    need: 'speed',
    figure: '3 KiB of each connection (test/package/connection-memory.test.ts)',
    test: 'test/ssh2/handshake.test.ts',
    members: { '_protocol._offer.lists.all': 'object' },
    replaced: ['_protocol._offer'],
  },
  'secrets of an exchange': {
    use: 'Forgets the private half of the key pair and the secret when keys were exchanged.',
    fault: 'Keeps them until keys are exchanged again.',
    source: 'lib/protocol/kex.js `completeHandshake`',
    need: 'speed',
    figure: '0.8 KiB of each connection (test/package/connection-memory.test.ts)',
    test: 'test/ssh2/handshake.test.ts',
    members: { '_protocol._handlers': 'object' },
    replaced: ['kex._keys', 'kex.finish'],
    later: ['_protocol._kex', 'kex._finished'],
  },
  'connections at rest': {
    use: 'After the login, shares what is the same for many connections (options, names of the algorithms, the name of the server), copies the rest out of blocks of memory shared with what is gone, and drops what handles the messages of the login.',
    fault:
      'Keeps all of it for each connection; a few bytes hold a block of 8 KiB, and a short name the whole list that it came in.',
    source: 'lib/client.js `connect`; lib/protocol/kex.js `handleKexInit`; lib/protocol/crypto.js `_tag`',
    need: 'speed',
    figure:
      '1.3 KiB of heap and 4 KiB of buffers of each connection (test/package/connection-memory.test.ts)',
    test: 'test/ssh2/at-rest.test.ts',
    members: { config: 'object', '_protocol._handlers': 'object' },
    replaced: [
      'config',
      '_protocol._remoteIdentRaw',
      '_protocol._kex.negotiated',
      '_protocol._decipher._tag',
      '_protocol._handlers.{SERVICE_ACCEPT,EXT_INFO,USERAUTH_*}',
    ],
  },
  'whole signatures': {
    use: 'Sends the signatures of certificates and security keys unchanged.',
    fault: 'Reads only five types of keys, and puts the algorithm of the request into the signature.',
    source: 'RFC 4252 section 7; OpenSSH PROTOCOL.certkeys, PROTOCOL.u2f; lib/protocol/Protocol.js `authPK`',
    need: 'safety',
    test: 'test/ssh2/user-certificates.test.ts',
    members: {
      '_protocol.authPK': 'function',
      '_protocol._authsQueue': 'object',
      '_protocol._packetRW.write.allocStart': 'number',
      '_protocol._packetRW.write.alloc': 'function',
      '_protocol._packetRW.write.finalize': 'function',
      '_protocol._cipher.encrypt': 'function',
    },
    replaced: ['_protocol.authPK'],
    later: ['_protocol._kexinit', '_protocol._queue'],
  },
});
