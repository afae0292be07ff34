export type KeyFileKind = 'plain' | 'encrypted' | 'none';

/** Whether the text of a file is a private key, and needs a passphrase. */
export function keyFileKind(text: string): KeyFileKind {
  if (!/PRIVATE KEY-----|^PuTTY-User-Key-File/.test(text)) return 'none';
  return isEncrypted(text) ? 'encrypted' : 'plain';
}

/** PEM and PPK say it in words; OpenSSH's format names the cipher after a magic word. */
function isEncrypted(text: string): boolean {
  if (/ENCRYPTED|^Encryption: (?!none)/m.test(text)) return true;
  const [, base64 = ''] = /BEGIN OPENSSH PRIVATE KEY-----([^-]*)/.exec(text) ?? [];
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length < 23) return false;
  return bytes.toString('latin1', 19, 19 + bytes.readUInt32BE(15)) !== 'none';
}
