import { access } from 'node:fs/promises';
import { readOwnFile } from '../../files/own-file.ts';
import { homeFolder } from '../../options/local-account.ts';
import type { ConnectOptions } from '../../options/types.ts';
import type { Found } from './lookup.ts';
import { expandedPath, type TokenValues } from './tokens.ts';
import { word } from './values.ts';

/** OpenSSH's own, in its order, as far as they can be used here. */
const defaultIdentities = ['~/.ssh/id_rsa', '~/.ssh/id_ecdsa', '~/.ssh/id_ed25519'];

/** Without a home folder there are none. */
function ownIdentities(): readonly string[] {
  return homeFolder() === undefined ? [] : defaultIdentities;
}

/**
 * IdentityFile, CertificateFile, IdentityAgent, IdentitiesOnly and PubkeyAuthentication. Encrypted key files are left
 * to the agent, if there is an agent.
 */
export async function credentialsOf(
  found: Found,
  tokens: TokenValues,
): Promise<Pick<ConnectOptions, 'privateKeyPath' | 'certificatePath' | 'agent'>> {
  if (word(found, 'pubkeyauthentication') === 'no') return {};
  const agent = agentOf(found, tokens);
  const configured = found.identityFiles.filter((path) => path.toLowerCase() !== 'none');
  const names = found.identityFiles.length === 0 ? ownIdentities() : configured;
  const paths = names.map((path) => expandedPath('IdentityFile', path, tokens));
  const usable = await usableKeys(paths, agent !== undefined);
  // A key that is named and not there: with an agent the login can do without it, else connecting says what is wrong.
  const missing = agent === undefined && configured.length > 0 ? paths.slice(0, 1) : [];
  const privateKeyPath = oneOrList(usable.length > 0 ? usable : missing);
  const certificatePath = oneOrList(await certificatesOf(found, tokens));
  const wantsAgent = !(usable.length > 0 && word(found, 'identitiesonly') === 'yes');
  return {
    ...(privateKeyPath !== undefined && { privateKeyPath }),
    ...(certificatePath !== undefined && { certificatePath }),
    ...(agent !== undefined && wantsAgent && { agent }),
  };
}

function oneOrList(paths: readonly string[]): string | readonly string[] | undefined {
  return paths.length > 1 ? paths : paths[0];
}

/** As in `ssh`, a file that is not there does not matter. */
async function certificatesOf(found: Found, tokens: TokenValues): Promise<string[]> {
  const named = found.certificateFiles.filter((path) => path.toLowerCase() !== 'none');
  const paths = named.map((path) => expandedPath('CertificateFile', path, tokens));
  const isThere = await Promise.all(
    paths.map((path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return paths.filter((_, at) => isThere[at]);
}

function agentOf(found: Found, tokens: TokenValues): string | undefined {
  const value = found.values.get('identityagent')?.value ?? 'SSH_AUTH_SOCK';
  if (value.toLowerCase() === 'none') return undefined;
  if (value === 'SSH_AUTH_SOCK') return process.env['SSH_AUTH_SOCK'] || undefined;
  if (/^\$\w+$/.test(value)) return process.env[value.slice(1)] || undefined;
  return expandedPath('IdentityAgent', value, tokens);
}

/** All that can be read without a passphrase; and the first one, if it has one and there is no agent to know it. */
async function usableKeys(paths: readonly string[], hasAgent: boolean): Promise<string[]> {
  const kinds = await Promise.all(paths.map(kindOf));
  const first = kinds.findIndex((kind) => kind !== 'none');
  return paths.filter(
    (_, at) => kinds[at] === 'plain' || (kinds[at] === 'encrypted' && at === first && !hasAgent),
  );
}

async function kindOf(path: string): Promise<'plain' | 'encrypted' | 'none'> {
  const text = await readOwnFile(path).then(
    (bytes) => bytes.toString('latin1'),
    () => '',
  );
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
