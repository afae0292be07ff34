import { type Checks, checkObject, object, required } from '../check/options.ts';
import { type Check, callback, checkText, flag, listOf, oneOf, oneOrMore, text } from '../check/values.ts';
import { wrongRange } from '../check/wrong.ts';
import { checkKnownNames } from '../text/known-names.ts';
import type { AuthorityOption, HostKeyOption, KnownHostsOption } from './types.ts';

const kinds = [
  'knownHosts, alias, onUnknown, hash, update',
  'fingerprint',
  'key',
  'authority, principals',
  'verify',
];
const right = `an object with ${kinds.join(' or ')}, or 'insecure-accept-any',`;

type Pinned = Exclude<HostKeyOption, string | KnownHostsOption | AuthorityOption>;

/** Each of these stands alone. */
const pinChecks: Checks<Pinned> = {
  fingerprint: oneOrMore(checkFingerprint, 'at least one'),
  key: oneOrMore(checkPublicKey, 'at least one'),
  verify: callback,
};

const authorityChecks: Checks<AuthorityOption> = {
  authority: required(oneOrMore(checkPublicKey, 'at least one')),
  principals: oneOrMore(text('a name that the certificate carries'), 'at least one name'),
};

const knownHostsChecks: Checks<KnownHostsOption> = {
  knownHosts: oneOrMore(text('the path of a known_hosts file'), 'at least one path'),
  alias: checkAlias,
  onUnknown: oneOf('reject', 'accept-new'),
  hash: flag,
  update: checkUpdate,
};

function checkUpdate(name: string, value: unknown): void {
  if (typeof value === 'boolean') return;
  listOf(text('the path of a known_hosts file'), 'true, false or paths of known_hosts files')(name, value);
}

const checkEachPin = Object.entries<Check>(pinChecks).map(([pin, check]) => ({
  pin,
  check: object({ [pin]: required(check) }),
}));
const checkAuthority = object(authorityChecks);
const checkKnownHosts = object(knownHostsChecks);

export function checkHostKey(name: string, value: unknown): void {
  if (value === 'insecure-accept-any') return;
  checkObject(name, value, right);
  for (const { pin, check } of checkEachPin) if (pin in value) return check(name, value);
  if ('authority' in value) return checkAuthority(name, value);
  checkKnownNames(name, value, [
    ...Object.keys(knownHostsChecks),
    ...Object.keys(pinChecks),
    'authority',
    'principals',
  ]);
  checkKnownHosts(name, value);
}

/** 32 bytes in base64, as `ssh-keygen -l` prints them; padding is tolerated. */
function checkFingerprint(name: string, value: unknown): void {
  checkText(name, value, "'SHA256:...' as ssh-keygen -l prints it");
  if (!/^SHA256:[A-Za-z0-9+/]{43}=?$/.test(value)) {
    throw wrongRange(name, value, "'SHA256:' and 43 base64 characters, as ssh-keygen -l prints it,");
  }
}

export function checkPublicKey(name: string, value: unknown): void {
  checkText(name, value, "'ssh-ed25519 AAAA...' as in a .pub file");
  const [type, base64] = value.trim().split(/\s+/);
  const blob = Buffer.from(base64 ?? '', 'base64');
  const length = blob.length >= 4 ? blob.readUInt32BE(0) : -1;
  if (length < 1 || blob.toString('latin1', 4, 4 + length) !== type) {
    throw wrongRange(name, value, "a whole public key, 'ssh-ed25519 AAAA...' as in a .pub file,");
  }
}

function checkAlias(name: string, value: unknown): void {
  checkText(name, value, 'a name');
  if (/[\s,*?!]/.test(value)) throw wrongRange(name, value, 'a name without blanks, commas or wildcards');
}
