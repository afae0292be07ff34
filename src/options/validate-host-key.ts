import { checkFunction, checkKnownNames, checkObject, checkString, wrongRange, wrongType } from './check.ts';

const kinds = ['knownHosts, alias, onUnknown', 'fingerprint', 'key', 'verify'];
const right = `an object with ${kinds.join(' or ')}, or 'insecure-accept-any',`;

export function checkHostKey(option: string, value: unknown): void {
  if (value === 'insecure-accept-any') return;
  if (typeof value !== 'object' || value === null) throw wrongType(option, value, right);
  checkObject(option, value);
  if ('fingerprint' in value) return checkOnly(option, value, 'fingerprint', checkFingerprint);
  if ('key' in value) return checkOnly(option, value, 'key', checkPublicKey);
  if ('verify' in value) return checkOnly(option, value, 'verify', checkFunction);
  checkKnownHosts(option, value);
}

function checkOnly(
  option: string,
  value: Record<string, unknown>,
  name: string,
  check: (option: string, value: unknown) => void,
): void {
  checkKnownNames(option, value, [name]);
  const given = value[name];
  const list = Array.isArray(given) ? given : [given];
  if (list.length === 0) throw wrongType(`${option}.${name}`, given, 'at least one');
  for (const one of list) check(`${option}.${name}`, one);
}

/** 32 bytes in base64, as `ssh-keygen -l` prints them; padding is tolerated. */
function checkFingerprint(option: string, value: unknown): void {
  checkString(option, value, "'SHA256:...' as ssh-keygen -l prints it");
  if (!/^SHA256:[A-Za-z0-9+/]{43}=?$/.test(value)) {
    throw wrongRange(option, value, "'SHA256:' and 43 base64 characters, as ssh-keygen -l prints it,");
  }
}

function checkPublicKey(option: string, value: unknown): void {
  checkString(option, value, "'ssh-ed25519 AAAA...' as in a .pub file");
  const [type, base64] = value.trim().split(/\s+/);
  const blob = Buffer.from(base64 ?? '', 'base64');
  const length = blob.length >= 4 ? blob.readUInt32BE(0) : -1;
  if (length < 1 || blob.toString('latin1', 4, 4 + length) !== type) {
    throw wrongRange(option, value, "a whole public key, 'ssh-ed25519 AAAA...' as in a .pub file,");
  }
}

function checkKnownHosts(option: string, value: Record<string, unknown>): void {
  checkKnownNames(option, value, ['knownHosts', 'alias', 'onUnknown', 'fingerprint', 'key', 'verify']);
  const { knownHosts, alias, onUnknown } = value as {
    knownHosts?: unknown;
    alias?: unknown;
    onUnknown?: unknown;
  };
  if (knownHosts !== undefined) {
    const paths = Array.isArray(knownHosts) ? knownHosts : [knownHosts];
    if (paths.length === 0) throw wrongType(`${option}.knownHosts`, knownHosts, 'at least one path');
    for (const path of paths) checkString(`${option}.knownHosts`, path, 'the path of a known_hosts file');
  }
  if (alias !== undefined) {
    checkString(`${option}.alias`, alias, 'a name');
    if (/[\s,*?!]/.test(alias))
      throw wrongRange(`${option}.alias`, alias, 'a name without blanks, commas or wildcards');
  }
  if (onUnknown !== undefined && onUnknown !== 'reject' && onUnknown !== 'accept-new') {
    throw wrongRange(`${option}.onUnknown`, onUnknown, "'reject' or 'accept-new'");
  }
}
