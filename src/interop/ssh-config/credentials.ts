import { readFile } from 'node:fs/promises';
import type { ConnectOptions } from '../../options/types.ts';
import type { Found } from './lookup.ts';
import { expandedPath, type TokenValues } from './tokens.ts';
import { word } from './values.ts';

/** OpenSSH's own, in its order, as far as they can be used here. */
const defaultIdentities = ['~/.ssh/id_rsa', '~/.ssh/id_ecdsa', '~/.ssh/id_ed25519'];

/**
 * IdentityFile, IdentityAgent, IdentitiesOnly and PubkeyAuthentication. One key file can be tried: the first that
 * is there. An encrypted one is left to the agent, if there is an agent.
 */
export async function credentialsOf(
  found: Found,
  tokens: TokenValues,
): Promise<Pick<ConnectOptions, 'privateKeyPath' | 'agent'>> {
  if (word(found, 'pubkeyauthentication') === 'no') return {};
  const agent = agentOf(found, tokens);
  const configured = found.identityFiles.filter((path) => path.toLowerCase() !== 'none');
  const names = found.identityFiles.length === 0 ? defaultIdentities : configured;
  const paths = names.map((path) => expandedPath('IdentityFile', path, tokens));
  const usable = await firstUsable(paths, agent !== undefined);
  // A key that is named and not there: with an agent the login can do without it, else connecting says what is wrong.
  const missing = agent === undefined && configured.length > 0 ? paths[0] : undefined;
  const privateKeyPath = usable ?? missing;
  const wantsAgent = !(usable !== undefined && word(found, 'identitiesonly') === 'yes');
  return {
    ...(privateKeyPath !== undefined && { privateKeyPath }),
    ...(agent !== undefined && wantsAgent && { agent }),
  };
}

function agentOf(found: Found, tokens: TokenValues): string | undefined {
  const value = found.values.get('identityagent')?.value ?? 'SSH_AUTH_SOCK';
  if (value.toLowerCase() === 'none') return undefined;
  if (value === 'SSH_AUTH_SOCK') return process.env['SSH_AUTH_SOCK'] || undefined;
  if (/^\$\w+$/.test(value)) return process.env[value.slice(1)] || undefined;
  return expandedPath('IdentityAgent', value, tokens);
}

async function firstUsable(paths: readonly string[], hasAgent: boolean): Promise<string | undefined> {
  for (const path of paths) {
    const kind = await kindOf(path);
    if (kind === 'plain' || (kind === 'encrypted' && !hasAgent)) return path;
  }
  return undefined;
}

async function kindOf(path: string): Promise<'plain' | 'encrypted' | 'none'> {
  const text = await readFile(path, 'latin1').catch(() => '');
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
