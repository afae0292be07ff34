import type { Client, ParsedKey } from 'ssh2';
import { wireString } from '../../host-key/keys/wire-string.ts';
import type { SignData } from './ahead/early-auth.ts';
import { ssh2 } from './client-parts.ts';
import { protocolOf } from './internals.ts';
import { dropAfterLogin, replaceUntilLogin } from './until-login.ts';

interface AuthProtocol {
  authPK?: (username: string, key: ParsedKey, algorithm?: string, sign?: SignData) => void;
  _authsQueue?: string[];
  _kexinit?: unknown;
  _queue?: Buffer[] | undefined;
  _cipher?: { encrypt?(packet: Buffer): void };
  _packetRW?: {
    write?: { allocStart: number; alloc(length: number): Buffer; finalize(packet: Buffer): Buffer };
  };
}

const opaque = Symbol('key that ssh2 does not take apart');

/** What a login with a key needs to know about the key. */
export interface OpaqueKey {
  /** The signature algorithm's name in the request, such as `rsa-sha2-512-cert-v01@openssh.com`. */
  readonly algorithm: string;
  /** The public key or certificate, as it is sent. */
  readonly blob: Buffer;
}

/**
 * A key for ssh2's authentication of which ssh2 knows nothing but the bytes. ssh2 itself only reads plain keys of five
 * types and puts the algorithm name of the request into the signature, so certificates and security keys could not log
 * in.
 *
 * @param sign Returns a whole signature: algorithm name, bytes, and whatever follows. Absent if an agent signs.
 */
export function opaqueKey({ algorithm, blob }: OpaqueKey, sign?: (data: Buffer) => Buffer): ParsedKey {
  // ssh2 recognises its keys by a private symbol, which is inherited.
  const key = Object.create(anyKey()) as ParsedKey;
  // These closures must not capture `sign`: the member is removed after the login.
  const isPrivate = sign !== undefined;
  return Object.assign(key, {
    type: algorithm,
    getPublicSSH: () => blob,
    isPrivateKey: () => isPrivate,
    sign,
    [opaque]: true,
  });
}

let parsed: ParsedKey | undefined;

function anyKey(): ParsedKey {
  if (parsed === undefined) {
    const line = `ssh-ed25519 ${Buffer.concat([wireString('ssh-ed25519'), wireString(Buffer.alloc(32, 9))]).toString('base64')}`;
    const key = ssh2.parseKey(line);
    if (key instanceof Error) throw key;
    parsed = Array.isArray(key) ? key[0] : key;
  }
  return parsed as ParsedKey;
}

/**
 * Lets opaque keys log in: ssh2 composes the data to be signed, and the signature is sent as it was returned (RFC 4252
 * section 7). Call it before anything else that replaces `authPK`. Returns false if ssh2's internals have changed: no
 * opaque key may be used then.
 */
export function sendWholeSignatures(client: Client): boolean {
  const protocol = protocolOf(client) as AuthProtocol | undefined;
  const original = protocol?.authPK;
  if (!protocol || typeof original !== 'function' || !canSend(protocol)) return false;
  replaceUntilLogin(client, protocol, 'authPK', (username, key, algorithm, sign) => {
    if (!sign || !(opaque in key)) return original.call(protocol, username, key, algorithm, sign);
    // ssh2 keeps the key that it has logged in with, and that key's `sign` holds the private key.
    dropAfterLogin(client, key, 'sign');
    original.call(protocol, username, key, algorithm, (data) =>
      sign(data, (signature) => send(protocol, Buffer.concat([withoutSession(data), wireString(signature)]))),
    );
  });
  return true;
}

function canSend({ _packetRW, _authsQueue, _cipher }: AuthProtocol): boolean {
  const writer = _packetRW?.write;
  return (
    typeof writer?.alloc === 'function' &&
    typeof writer.finalize === 'function' &&
    typeof _cipher?.encrypt === 'function' &&
    Array.isArray(_authsQueue)
  );
}

/** The signed data is the session identifier followed by the request itself. */
function withoutSession(data: Buffer): Buffer {
  return data.subarray(4 + data.readUInt32BE(0));
}

/** As ssh2 sends its own requests: after a key exchange that is under way. */
function send(protocol: AuthProtocol, payload: Buffer): void {
  const writer = protocol._packetRW?.write;
  if (!writer) return;
  const packet = writer.alloc(payload.length);
  packet.set(payload, writer.allocStart);
  protocol._authsQueue?.push('publickey');
  const whole = writer.finalize(packet);
  if (protocol._kexinit === undefined) return protocol._cipher?.encrypt?.(whole);
  protocol._queue ??= [];
  protocol._queue.push(whole);
}
