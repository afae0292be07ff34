import { randomBytes } from 'node:crypto';

const good = {
  kex: 'curve25519-sha256',
  key: 'ssh-ed25519',
  cipher: 'aes128-ctr',
  mac: 'hmac-sha2-256',
};

/** What a server says that offers these algorithms: identification line and SSH_MSG_KEXINIT (RFC 4253, 7.1). */
export function offering(algorithms: Partial<typeof good>): Buffer {
  const { kex, key, cipher, mac } = { ...good, ...algorithms };
  const lists = [kex, key, cipher, cipher, mac, mac, 'none', 'none', '', ''].map(nameList);
  const payload = Buffer.concat([Buffer.from([20]), randomBytes(16), ...lists, Buffer.alloc(5)]);
  return Buffer.concat([Buffer.from('SSH-2.0-OpenSSH_9.9\r\n'), packet(payload)]);
}

function nameList(names: string): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(names.length);
  return Buffer.concat([head, Buffer.from(names)]);
}

/** RFC 4253, section 6: a multiple of eight, with at least four bytes of padding. */
function packet(payload: Buffer): Buffer {
  const padding = 11 - ((payload.length + 8) % 8);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(payload.length + padding + 1);
  head[4] = padding;
  return Buffer.concat([head, payload, Buffer.alloc(padding)]);
}
