import type { AnyAuthMethod, BaseAgent, ParsedKey } from 'ssh2';
import type { Certificate } from '../../host-key/certificates/certificate.ts';
import { certificateProblem, serverConditions } from '../../host-key/certificates/certificate-check.ts';
import { fingerprintSha256, keyTypeOf } from '../../host-key/keys/fingerprint.ts';
import { readPublicKey, resolveKeyType } from '../../host-key/keys/public-key.ts';
import { isForged } from '../../host-key/keys/signature.ts';
import { printable, quoted } from '../../text/printable.ts';
import type { StopSwitch } from '../../time/stop-switch.ts';
import { ssh2 } from '../insides/client-parts.ts';
import { type OpaqueKey, opaqueKey } from '../insides/whole-signatures.ts';
import { AgentClient, AgentOutOfFiles, AgentUnreachable } from './agent-client.ts';
import type { Candidate } from './candidate.ts';
import type { Credentials } from './credentials.ts';
import { certificateAlgorithm, plainType, signatureAlgorithms, wholeSignature } from './signing.ts';
import { certificateOf, isFor, keyMissing } from './user-certificates.ts';

type Signs = Pick<AgentClient, 'sign'>;

/** Where a signature comes from. */
type Signer = { key: ParsedKey } | { agent: Signs; blob: Buffer };

/** What is sent to the server: a key, or a certificate for it. */
interface Shown {
  blob: Buffer;
  /** Type of the plain key. */
  type: string;
  certificate?: Certificate | undefined;
}

interface Use {
  /** The signature algorithms to use. */
  accepted: readonly string[];
  /** Called with what was found in place of a key. */
  note(label: string): void;
  /** Called with what the agent did with a key. */
  explain(sentence: string): void;
  /** Ends the login. */
  broken(error: unknown): void;
}

/** Everything that can be tried with a key, in OpenSSH's order: certificates, keys, then the agent's keys. */
export class PublicKeys {
  readonly #credentials: Credentials;
  readonly #over: StopSwitch;
  readonly #use: Use;
  #agent: AgentClient | undefined;
  /** The signature algorithms that the server accepts, if it names them (RFC 8308 section 3.1). */
  #taken: readonly string[] | undefined;
  #otherWays: Candidate[] = [];

  constructor(credentials: Credentials, over: StopSwitch, use: Use) {
    this.#credentials = credentials;
    this.#over = over;
    this.#use = use;
  }

  /** Whether the agent is being asked and has not answered yet. */
  get waitsForAgent(): boolean {
    return this.#agent?.isAsked ?? false;
  }

  serverTakes(algorithms: readonly string[]): void {
    this.#taken = algorithms;
  }

  /** The certificates whose keys are at hand. */
  *certificates(): Generator<Candidate> {
    const { keys, certificates } = this.#credentials;
    this.#otherWays = [];
    for (const certificate of certificates) {
      const key = keys.find((one) => isFor(certificate, one));
      if (key) yield* this.#tries(shownCertificate(certificate), { key });
    }
  }

  /** The keys at hand. */
  own(): Generator<Candidate> {
    return this.#plain(this.#credentials.keys);
  }

  *#plain(keys: readonly ParsedKey[]): Generator<Candidate> {
    for (const key of keys) yield* this.#tries({ blob: key.getPublicSSH(), type: key.type }, { key });
  }

  /** The agent's keys and certificates, without those already tried. */
  async *ofAgent(path: string): AsyncGenerator<Candidate> {
    const agent = new AgentClient(path, this.#over.signal);
    this.#agent = agent;
    let blobs: Buffer[];
    try {
      blobs = await agent.keys();
    } catch (error) {
      if (error instanceof AgentOutOfFiles) throw error;
      const what = error instanceof AgentUnreachable ? 'not reachable' : 'gave no keys';
      return this.#use.note(`agent (${what}: ${printable((error as Error).message, 100)})`);
    }
    if (blobs.length === 0) this.#use.note('agent (holds no keys)');
    const { keys, certificates, agentKeys, agentFirst } = this.#credentials;
    for (const certificate of certificates) {
      const blob = blobs.find((one) => one.equals(certificate.keyBlob));
      if (keys.some((key) => isFor(certificate, key))) continue;
      if (blob) yield* this.#tries(shownCertificate(certificate), { agent, blob });
      else this.#use.explain(keyMissing(certificate));
    }
    const own = keys.filter((key) => blobs.some((one) => one.equals(key.getPublicSSH())));
    const shown = [...keys.map((key) => key.getPublicSSH()), ...certificates.map(({ blob }) => blob)];
    const chosen = knownFirst(agentKeys === undefined ? blobs : chosenOf(blobs, agentKeys));
    if (blobs.length > 0 && chosen.length === 0) this.#use.note('agent (holds none of agentKeys)');
    if (agentFirst) yield* this.#plain(own);
    for (const blob of chosen) {
      if (shown.some((one) => one.equals(blob))) continue;
      yield* this.#tries(
        { blob, type: plainType(nameOf(blob)), certificate: certificateOf(blob) },
        { agent, blob },
      );
    }
  }

  /**
   * What was tried before, with another signature algorithm. It comes after everything else: the server counts each
   * try, and `ssh` makes only one per key.
   */
  *otherWays(): Generator<Candidate> {
    yield* this.#otherWays;
  }

  /**
   * RSA keys can sign in two ways. What a server says about it is no promise: OpenSSH 9.2 lists what it knows, not what
   * its PubkeyAcceptedAlgorithms allows. So a key at hand is tried both ways; of an agent's many keys, each once if
   * possible.
   */
  *#tries(shown: Shown, signer: Signer): Generator<Candidate> {
    const isTaken = (algorithm: string) =>
      !this.#taken || shown.type !== 'ssh-rsa' || this.#taken.includes(algorithm);
    const possible = this.#algorithmsFor(shown);
    const [first, ...others] = possible.filter(isTaken);
    if (first === undefined) {
      // An agent may hold many that nobody means.
      if ('key' in signer) this.#use.explain(notOffered(shown, possible));
      return;
    }
    yield this.#candidate(shown, first, signer);
    if ('agent' in signer && this.#taken) return;
    this.#otherWays.push(...others.map((algorithm) => this.#candidate(shown, algorithm, signer)));
  }

  /** Types of keys that are unknown here are left to the agent. */
  #algorithmsFor({ type, blob }: Shown): readonly string[] {
    const algorithms = signatureAlgorithms(type);
    const asked = (algorithm: string) => (isCertificate(blob) ? certificateAlgorithm(algorithm) : algorithm);
    const place = (algorithm: string) => this.#use.accepted.indexOf(asked(algorithm));
    if (resolveKeyType(type) === undefined) return algorithms;
    return algorithms.filter((one) => place(one) !== -1).sort((a, b) => place(a) - place(b));
  }

  /** The server accepts a key before the agent is asked to sign with it, so what fails then is the agent's fault. */
  #told(shown: Shown, signer: Signer): Signer {
    if (!('agent' in signer)) return signer;
    const { agent, blob } = signer;
    const name = keyLabel(shown.certificate?.keyBlob ?? blob);
    const sign: Signs['sign'] = async (of, algorithm, data) => {
      const signature = await agent.sign(of, algorithm, data).catch((error: Error) => {
        if (error instanceof AgentOutOfFiles) this.#use.broken(error);
        const why = printable(error.message, 100);
        this.#use.note(`agent (did not sign with ${name}: ${why})`);
        this.#use.explain(
          `The server takes the key ${name}, but the agent did not sign with it: ${why}. Is it locked (ssh-add -X), or does somebody have to confirm or touch the key?`,
        );
        throw error;
      });
      if (isForged(shown.certificate?.keyBlob ?? blob, signature, data))
        this.#use.explain(`What the agent signed does not fit the key ${name}: the fault is the agent's.`);
      return signature;
    };
    return { agent: { sign }, blob };
  }

  #candidate(shown: Shown, algorithm: string, signer: Signer): Candidate {
    const { username } = this.#credentials;
    const asked = isCertificate(shown.blob) ? certificateAlgorithm(algorithm) : algorithm;
    const what = shown.certificate ? certificateLabel(shown.certificate, username) : keyLabel(shown.blob);
    const label = `publickey (${'agent' in signer ? 'agent: ' : ''}${what})`;
    return {
      method: 'publickey',
      label,
      id: `${label} ${algorithm}`,
      note: shown.certificate && certificateNote(shown.certificate, username),
      make: () =>
        method(username, { algorithm: asked, blob: shown.blob }, algorithm, this.#told(shown, signer)),
    };
  }
}

/** Why a key or certificate stays behind. */
function notOffered({ type, blob, certificate }: Shown, untaken: readonly string[]): string {
  const what = certificate ? `The certificate ${quoted(certificate.keyId, 60)}` : `The key ${keyLabel(blob)}`;
  const kind = certificate ? `certificates of ${type} keys` : `${type} keys`;
  const why =
    untaken.length > 0
      ? `the server says that it does not take ${untaken.join(' or ')}`
      : `the option algorithms.publicKey leaves out ${kind}`;
  return `${what} was not offered: ${why}.`;
}

/** A key of a type that is unknown here is tried too, but after the others, as the server counts every try. */
function knownFirst(blobs: readonly Buffer[]): Buffer[] {
  const isKnown = (blob: Buffer) => resolveKeyType(plainType(nameOf(blob))) !== undefined;
  return [...blobs.filter(isKnown), ...blobs.filter((blob) => !isKnown(blob))];
}

/** The named ones in their order, certificates before keys; `*` stands for all that no name matches. */
function chosenOf(blobs: readonly Buffer[], names: readonly (Buffer | '*')[]): Buffer[] {
  const fits = (name: Buffer | '*', blob: Buffer) =>
    name !== '*' && (name.equals(blob) || isOneKey(name, blob));
  const first = blobs.filter(isCertificate);
  const ordered = [...first, ...blobs.filter((blob) => !first.includes(blob))];
  const all = names.flatMap((name) =>
    name === '*'
      ? blobs.filter((blob) => !names.some((one) => fits(one, blob)))
      : ordered.filter((blob) => fits(name, blob)),
  );
  return [...new Set(all)];
}

function isOneKey(one: Buffer, other: Buffer): boolean {
  const identity = readPublicKey(one)?.identity;
  return identity !== undefined && readPublicKey(other)?.identity.equals(identity) === true;
}

function shownCertificate(certificate: Certificate): Shown {
  return { blob: certificate.blob, type: certificate.key.type, certificate };
}

function method(username: string, shown: OpaqueKey, algorithm: string, signer: Signer): AnyAuthMethod {
  if ('key' in signer) {
    const sign = (data: Buffer) => wholeSignature(signer.key, algorithm, data);
    return { type: 'publickey', username, key: opaqueKey(shown, sign) };
  }
  return { type: 'agent', username, agent: oneKeyAgent(opaqueKey(shown), algorithm, signer) };
}

type Signed = (error: Error | undefined, signature?: Buffer) => void;

/** ssh2 discards the rest of an agent's keys when a server accepts one of them as partial success. */
function oneKeyAgent(key: ParsedKey, algorithm: string, signer: { agent: Signs; blob: Buffer }): BaseAgent {
  // A class would have to extend ssh2.BaseAgent when this module loads, but ssh2 is only loaded later.
  return Object.assign(Object.create(ssh2.BaseAgent.prototype) as BaseAgent, {
    getIdentities: (callback: (error: undefined, keys: ParsedKey[]) => void) => callback(undefined, [key]),
    sign: (_key: unknown, data: Buffer, _options: unknown, callback: Signed) => {
      signer.agent.sign(signer.blob, algorithm, data).then(
        (signature) => callback(undefined, signature),
        (error: Error) => callback(error),
      );
    },
  });
}

function isCertificate(blob: Buffer): boolean {
  const end = blob.length < 4 ? 0 : 4 + blob.readUInt32BE(0);
  return blob.toString('latin1', 4, Math.min(end, 68)).endsWith('-cert-v01@openssh.com');
}

function nameOf(blob: Buffer): string {
  try {
    return keyTypeOf(blob);
  } catch {
    return 'unknown';
  }
}

/** A key that is in use gives the same bytes each time. */
const labels = new WeakMap<Buffer, string>();

function keyLabel(blob: Buffer): string {
  const label = labels.get(blob) ?? `${nameOf(blob)} ${fingerprintSha256(blob)}`;
  labels.set(blob, label);
  return label;
}

function certificateLabel(certificate: Certificate, username: string): string {
  const { keyId, name, keyBlob } = certificate;
  const problem = problemOf(certificate, username);
  const why = problem === undefined ? '' : `: ${problem}`;
  return `${name} ${fingerprintSha256(keyBlob)}, certificate ${quoted(keyId, 60)}${why}`;
}

function certificateNote(certificate: Certificate, username: string): string {
  const { keyId, authorityBlob } = certificate;
  const which = `The certificate ${quoted(keyId, 60)}`;
  const problem = problemOf(certificate, username);
  if (problem !== undefined) return `${which} was refused, and here is why it may be: ${problem}.`;
  return `${which} looks right from here: does the server trust its authority ${fingerprintSha256(authorityBlob)} (TrustedUserCAKeys), allow its names (AuthorizedPrincipalsFile), and not revoke it?${serverConditions(certificate)}`;
}

function problemOf(certificate: Certificate, username: string): string | undefined {
  return certificateProblem(certificate, { kind: 'user', names: [username], now: Date.now() });
}
