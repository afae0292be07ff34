import { checkHostKey } from '../../options/validate-host-key.ts';
import { asLibrary } from '../args/checks.ts';
import type { OptionSpec } from '../args/option-spec.ts';

/** Options that only concern jump hosts. */
export const jumpOptions: readonly OptionSpec[] = [
  {
    name: 'jump-host-key',
    value: '[HOST=]SHA256:...',
    multiple: true,
    env: true,
    check: checkJumpHostKeys,
    help: 'the host key of the jump hosts, or of the one called HOST, by its fingerprint',
    default: 'known_hosts',
  },
  {
    name: 'jump-identity',
    value: 'FILE',
    env: true,
    help: 'private key for the jump hosts',
    default: 'that of --identity',
  },
  {
    name: 'jump-passphrase-file',
    value: 'FILE',
    env: true,
    help: "file with that key's passphrase, if it is another one",
  },
  { name: 'ask-jump-passphrase', help: "ask for that key's passphrase, hidden" },
  { name: 'jump-password-file', value: 'FILE', env: true, help: 'file with the password for the jump hosts' },
  { name: 'ask-jump-password', help: 'ask for the password for the jump hosts, hidden' },
];

/** `[HOST=]SHA256:...`, several separated by commas. */
export function splitJumpHostKey(text: string): { host: string | undefined; fingerprints: string[] } {
  const [, host, fingerprints = ''] = /^(?:([^=,]+)=(?=.))?(.*)$/s.exec(text) ?? [];
  // The padding of base64 is not the end of a host name.
  if (host?.startsWith('SHA256:')) return { host: undefined, fingerprints: text.split(',') };
  return { host, fingerprints: fingerprints.split(',') };
}

export function checkFingerprint(fingerprint: string, source: string): void {
  asLibrary((name, value) => checkHostKey(name, { fingerprint: value }))(fingerprint, source);
}

function checkJumpHostKeys(text: string, source: string): void {
  for (const one of splitJumpHostKey(text).fingerprints) checkFingerprint(one, source);
}
