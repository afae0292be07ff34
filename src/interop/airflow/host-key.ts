import type { HostKeyOption } from '../../options/types.ts';
import type { AirflowExtra } from './extra.ts';

/**
 * How SSHHook treats host keys, translated into our options:
 * - `host_key`: this key and no other.
 * - `allow_host_key_change`: no key is looked up, any key is accepted.
 * - `no_host_key_check`: unknown keys are accepted and recorded, a changed one is refused.
 * - none of them: the key must be known.
 */
export function hostKeyOf(
  extra: AirflowExtra,
  warn: (event: string, message: string) => void,
): HostKeyOption | undefined {
  const noCheck = noHostKeyCheck(extra);
  const key = extra.text('host_key');
  if (key !== undefined) {
    if (noCheck)
      throw new TypeError(
        'option extra.host_key: the host key must be checked if it is given; no_host_key_check is true',
      );
    return { key: publicKey(key) };
  }
  if (extra.flag('allow_host_key_change')) {
    warn(
      'host-key-unchecked',
      'allow_host_key_change is set: any host key is accepted, so anybody on the way can read and change everything',
    );
    return 'insecure-accept-any';
  }
  if (!noCheck) return undefined;
  warn(
    'host-key-unchecked',
    'no_host_key_check is set: the first key of an unknown host is accepted and recorded without a check',
  );
  return { onUnknown: 'accept-new' };
}

function noHostKeyCheck(extra: AirflowExtra): boolean {
  const name =
    extra.get('no_host_key_check') === undefined ? 'ignore_hostkey_verification' : 'no_host_key_check';
  return extra.flag(name) === true;
}

const types = ['ssh-rsa', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'ssh-ed25519'];

/** `<base64>` or `<type> <base64>`; the type is also inside the key. */
function publicKey(text: string): string {
  const words = text.trim().split(/\s+/);
  const base64 = words.length === 1 ? words[0]! : words[1]!;
  const blob = Buffer.from(base64, 'base64');
  const length = blob.length >= 4 ? blob.readUInt32BE(0) : 0;
  const type = blob.toString('latin1', 4, 4 + length);
  if (types.includes(type) && (words.length === 1 || words[0] === type || words[0] === 'ssh-ecdsa')) {
    return `${type} ${base64}`;
  }
  throw new TypeError(
    `option extra.host_key: not a public key that can be used; "<base64>" or "<type> <base64>" with one of ${types.join(', ')} would be right`,
  );
}
