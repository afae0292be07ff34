import { wrongType } from '../../check/wrong.ts';
import { parsePublicKeyLine } from '../../host-key/keys/fingerprint.ts';
import { printable } from '../../text/printable.ts';

/**
 * `TYPE BASE64` of a public key line, without its comment.
 * @throws {TypeError} if it is not a public key.
 */
export function plainKey(line: string): string {
  const [type = '', text = ''] = line.trim().split(/\s+/);
  // Of several, the caller would not know which one is in use.
  const isOne = line.split(/[\r\n]+/).filter((part) => part.trim() !== '').length === 1;
  if (!isOne || !/^[a-z0-9@.-]+$/.test(type) || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) {
    throw wrongType('key', line, 'one public key, ssh-ed25519 AAAA...,');
  }
  try {
    parsePublicKeyLine(`${type} ${text}`);
  } catch (error) {
    throw new TypeError(
      `option key: ${printable(String((error as Error).message))}; one public key, ssh-ed25519 AAAA..., would be right`,
    );
  }
  return `${type} ${text}`;
}

/** A line of authorized_keys for a tunnel, which permits its own port and nothing else. */
export function authorizedKeysLine(
  key: string,
  { port, code }: { port: number | undefined; code: string },
): string {
  const listen = port === undefined ? '' : `,permitlisten="${port}"`;
  return `restrict,port-forwarding${listen} ${key} ${code}`;
}
