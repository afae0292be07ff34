/** What this uses of ssh2's protocol object; each member may be missing. */
export interface IgnoreProtocol {
  _kexinit?: unknown;
  _kex?: { negotiated?: { cs?: { compress?: string } } };
  _cipher?: { encrypt?: (packet: Buffer) => void };
  _packetRW?: {
    write?: { allocStart: number; alloc(length: number): Buffer; finalize(packet: Buffer): Buffer };
  };
}

/** RFC 4253 section 11.2. */
const messageIgnore = 2;

/**
 * Begins when the server has sent its USERAUTH_SUCCESS, perhaps together with the acceptance of the service: what we
 * send before we have read it would reach the server uncompressed when it already decompresses.
 */
const delayedCompression = 'zlib@openssh.com';

/**
 * Sends a small packet that means nothing but makes TCP acknowledge what has arrived. sshd leaves Nagle's algorithm on
 * until the first command: its second small packet waits until the first one is acknowledged, which our TCP would delay
 * by 40 ms (Windows: 200 ms) if there is nothing to send.
 */
export function sendIgnore({ _packetRW, _cipher, _kexinit, _kex }: IgnoreProtocol): void {
  const writer = _packetRW?.write;
  if (_kex?.negotiated?.cs?.compress === delayedCompression) return;
  if (typeof writer?.alloc !== 'function' || typeof writer.finalize !== 'function' || _kexinit !== undefined)
    return;
  if (typeof _cipher?.encrypt !== 'function') return;
  const packet = writer.alloc(5);
  packet[writer.allocStart] = messageIgnore;
  packet.fill(0, writer.allocStart + 1, writer.allocStart + 5);
  _cipher.encrypt(writer.finalize(packet));
}
