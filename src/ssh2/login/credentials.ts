import type { ParsedKey } from 'ssh2';
import type { Certificate } from '../../host-key/certificates/certificate.ts';
import { parsePublicKeyLine } from '../../host-key/keys/fingerprint.ts';
import type { ConnectOptions, KeyboardInteractive } from '../../options/types.ts';
import type { Stoppable } from '../../time/on-abort.ts';
import { expandHome, readKeyFile } from './key-files.ts';
import { knownPrivateKey, parsePrivateKey } from './key-formats/private-key.ts';
import { loadCertificates } from './user-certificates.ts';

/** What can be tried to log in, read and decrypted before any socket opens. */
export interface Credentials {
  readonly username: string;
  /** Private keys, in the order in which they are tried. */
  readonly keys: readonly ParsedKey[];
  /** User certificates, for these keys or for keys that only the agent has. */
  readonly certificates: readonly Certificate[];
  readonly password: string | undefined;
  /** Path of the agent's socket or pipe. */
  readonly agent: string | undefined;
  /** Which of the agent's keys are offered, as wire blobs; `'*'` stands for the rest. Undefined: all of them. */
  readonly agentKeys: readonly (Buffer | '*')[] | undefined;
  /** Whether the agent is asked before the private keys are tried. */
  readonly agentFirst: boolean;
  /** Sentences about unusable certificates found beside the keys. */
  readonly notes: readonly string[];
  readonly keyboardInteractive: KeyboardInteractive | undefined;
}

/**
 * Reads and decrypts the private keys once, so that later attempts need not.
 * @throws TypeError that distinguishes an unreadable file, a missing passphrase, a wrong one and an unknown format.
 */
export async function loadCredentials(
  options: Omit<ConnectOptions, 'host'>,
  signal?: Stoppable,
): Promise<Credentials> {
  const { username, privateKey, passphrase, password, keyboardInteractive, agentFirst = false } = options;
  const agent = options.agent === true ? process.env['SSH_AUTH_SOCK'] : options.agent;
  const paths = pathsOf(options.privateKeyPath);
  const known = privateKey === undefined ? undefined : knownPrivateKey(privateKey, passphrase);
  const keys = known ? [known] : await loadKeys(options, paths, signal);
  const hasAgent = agent !== undefined;
  const mayHaveSome =
    paths.length > 0 || options.certificate !== undefined || options.certificatePath !== undefined;
  const { certificates, notes } = mayHaveSome
    ? await loadCertificates(options, paths, { keys, hasAgent, signal })
    : noCertificates;
  const agentKeys = agentKeysOf(options.agentKeys);
  const own = { keys, certificates, notes };
  return Object.assign(own, { username, password, keyboardInteractive, agent, agentKeys, agentFirst });
}

const noCertificates = { certificates: [], notes: [] } as const;

function agentKeysOf(named: string | readonly string[] | undefined): Credentials['agentKeys'] {
  if (named === undefined) return undefined;
  return [named].flat().map((line) => {
    if (line === '*') return line;
    try {
      return parsePublicKeyLine(line).blob;
    } catch (cause) {
      throw new TypeError(
        "option agentKeys: a damaged public key given; 'ssh-ed25519 AAAA...' as in a .pub file would be right",
        { cause },
      );
    }
  });
}

function pathsOf(paths: string | readonly string[] = []): string[] {
  return (typeof paths === 'string' ? [paths] : paths).map((path) => expandHome('privateKeyPath', path));
}

function loadKeys(
  options: Pick<ConnectOptions, 'privateKey' | 'passphrase'>,
  paths: readonly string[],
  signal?: Stoppable,
): Promise<ParsedKey[]> {
  const { privateKey, passphrase } = options;
  if (privateKey !== undefined)
    return parsePrivateKey('privateKey', privateKey, passphrase).then((key) => [key]);
  return Promise.all(
    paths.map(async (path) =>
      parsePrivateKey(
        `privateKeyPath (${path})`,
        await readKeyFile('privateKeyPath', path, signal),
        passphrase,
      ),
    ),
  );
}
