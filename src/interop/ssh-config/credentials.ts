import { given } from '../../check/given.ts';
import { readOwnFile } from '../../files/own-file.ts';
import { readCertificateText } from '../../host-key/certificates/certificate-text.ts';
import { WireReader } from '../../host-key/keys/wire-reader.ts';
import { parseHostKey } from '../../host-key/known-hosts/parse.ts';
import { homeFolder } from '../../options/local-account.ts';
import type { ConnectOptions } from '../../options/types.ts';
import { fileText } from '../../text/file-text.ts';
import { type KeyFileKind, keyFileKind } from '../key-file-kind.ts';
import type { Found } from './lookup.ts';
import { expandedPath, type TokenValues } from './tokens.ts';
import { word } from './values.ts';

/** OpenSSH's defaults, in its order, as far as they can be used here. */
const defaultIdentities = ['~/.ssh/id_rsa', '~/.ssh/id_ecdsa', '~/.ssh/id_ed25519'];

/** Without a home folder, there are none. */
function ownIdentities(): readonly string[] {
  return homeFolder() === undefined ? [] : defaultIdentities;
}

/**
 * IdentityFile, CertificateFile, IdentityAgent, IdentitiesOnly and PubkeyAuthentication. Encrypted key files are left
 * to the agent, if there is one.
 */
export async function credentialsOf(
  found: Found,
  tokens: TokenValues,
): Promise<
  Pick<ConnectOptions, 'privateKeyPath' | 'certificatePath' | 'agent' | 'agentKeys' | 'agentFirst'>
> {
  if (word(found, 'pubkeyauthentication') === 'no') return {};
  const configured = found.identityFiles.filter((path) => path.toLowerCase() !== 'none');
  const names = found.identityFiles.length === 0 ? ownIdentities() : configured;
  const paths = names.map((path) => expandedPath('IdentityFile', path, tokens));
  const { agent, agentKeys } = await agentFor(found, tokens, paths);
  const usable = await usableKeys(paths, agent !== undefined);
  // A named key file that does not exist: with an agent, the login can do without it; otherwise, connecting reports the
  // error.
  const missing = agent === undefined && configured.length > 0 ? paths.slice(0, 1) : [];
  const left = agent === undefined ? [] : paths.filter((path) => !usable.includes(path));
  const named = await certificatesOf(found, tokens);
  const beside = found.certificateFiles.length > 0 ? [] : await certificatesBeside(paths, left);
  return given({
    privateKeyPath: oneOrList(usable.length > 0 ? usable : missing),
    certificatePath: oneOrList([...named, ...beside]),
    agent,
    agentKeys,
    // Default keys that nobody named must not use up the few tries that a server allows.
    agentFirst:
      found.identityFiles.length === 0 && agent !== undefined && usable.length > 0 ? true : undefined,
  });
}

/**
 * As in ssh: first the agent's keys that the configuration names, then the others; with IdentitiesOnly, only the
 * former.
 */
async function agentFor(
  found: Found,
  tokens: TokenValues,
  paths: readonly string[],
): Promise<Pick<ConnectOptions, 'agent' | 'agentKeys'>> {
  const agent = agentOf(found, tokens);
  if (agent === undefined) return {};
  const usable = await usableKeys(paths, true);
  const left = paths.filter((path) => !usable.includes(path));
  const keys = (await Promise.all(left.map(publicKeyOf))).filter((line) => line !== undefined);
  const isOnly = word(found, 'identitiesonly') === 'yes';
  if (keys.length === 0) return isOnly ? {} : { agent };
  return { agent, agentKeys: isOnly ? keys : [...keys, '*'] };
}

/**
 * If a key file is left to the agent, its certificate is looked up here, which requires naming those of the other keys
 * too.
 */
async function certificatesBeside(paths: readonly string[], left: readonly string[]): Promise<string[]> {
  const texts = await Promise.all(paths.map((path) => readText(`${path}-cert.pub`)));
  const isOne = (at: number) => readCertificateText(texts[at] ?? '')?.kind === 'user';
  const found = paths.filter((_, at) => isOne(at));
  return found.some((path) => left.includes(path)) ? found.map((path) => `${path}-cert.pub`) : [];
}

/** The public half of a key file with which the agent is to sign: from that file, or from the one beside it. */
async function publicKeyOf(path: string): Promise<string | undefined> {
  const text = await readText(path);
  const lines = [...text.split('\n'), publicPartOf(text), ...(await readText(`${path}.pub`)).split('\n')];
  return lines.find((line) => line !== undefined && isPublicKey(line))?.trim();
}

function isPublicKey(line: string): boolean {
  const [name = '', base64 = ''] = line.trim().split(/[ \t]+/, 2);
  return parseHostKey(`${name} ${base64}`) !== undefined;
}

/** OpenSSH's format contains the public key unencrypted. */
function publicPartOf(text: string): string | undefined {
  const [, base64 = ''] = /BEGIN OPENSSH PRIVATE KEY-----([^-]*)/.exec(text) ?? [];
  try {
    const reader = new WireReader(Buffer.from(base64, 'base64'));
    reader.take(15); // magic
    for (let field = 0; field < 3; field++) reader.string(); // cipher, key derivation and its options
    if (reader.uint32() !== 1) return undefined;
    const blob = reader.string();
    return `${new WireReader(blob).text()} ${blob.toString('base64')}`;
  } catch {
    return undefined;
  }
}

function readText(path: string): Promise<string> {
  return readOwnFile(path).then(fileText, () => '');
}

function oneOrList(paths: readonly string[]): string | readonly string[] | undefined {
  return paths.length > 1 ? paths : paths[0];
}

/** As in `ssh`, what is not a user certificate is ignored, unless there is nothing else: then connecting reports it. */
async function certificatesOf(found: Found, tokens: TokenValues): Promise<string[]> {
  const named = found.certificateFiles.filter((path) => path.toLowerCase() !== 'none');
  const paths = named.map((path) => expandedPath('CertificateFile', path, tokens));
  const texts = await Promise.all(
    paths.map((path) =>
      readOwnFile(path).catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? undefined : '')),
    ),
  );
  const usable = paths.filter((_, at) => readCertificateText(texts[at] ?? '')?.kind === 'user');
  return usable.length > 0 ? usable : paths.filter((_, at) => texts[at] !== undefined);
}

function agentOf(found: Found, tokens: TokenValues): string | undefined {
  const value = found.values.get('identityagent')?.value ?? 'SSH_AUTH_SOCK';
  if (value.toLowerCase() === 'none') return undefined;
  if (value === 'SSH_AUTH_SOCK') return process.env['SSH_AUTH_SOCK'] || undefined;
  if (/^\$\w+$/.test(value)) return process.env[value.slice(1)] || undefined;
  return expandedPath('IdentityAgent', value, tokens);
}

/** The keys that need no passphrase, and the first key if it does and there is no agent that might have it. */
async function usableKeys(paths: readonly string[], hasAgent: boolean): Promise<string[]> {
  const kinds = await Promise.all(paths.map(kindOf));
  const first = kinds.findIndex((kind) => kind !== 'none');
  return paths.filter(
    (_, at) => kinds[at] === 'plain' || (kinds[at] === 'encrypted' && at === first && !hasAgent),
  );
}

async function kindOf(path: string): Promise<KeyFileKind> {
  return keyFileKind(await readText(path));
}
