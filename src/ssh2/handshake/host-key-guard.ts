import type { Client } from 'ssh2';
import { HandshakeFailed, HostKeyMismatch, type SshError } from '../../errors/index.ts';
import { readCertificate } from '../../host-key/certificates/certificate.ts';
import { equalInConstantTime, fingerprintSha256 } from '../../host-key/keys/fingerprint.ts';
import { ownCopy } from '../../host-key/keys/own-copy.ts';
import type { KnownHostsUpdate } from '../../host-key/known-hosts/update.ts';
import { detailsOf, type HostKeyTarget } from '../../host-key/policy/key-details.ts';
import type { HostKeyPolicy } from '../../host-key/policy/policy.ts';
import type { Chores } from '../../time/chores.ts';
import { onHostKeysTold } from '../insides/key-exchange/further-host-keys.ts';
import type { UpdateSettings } from './host-key-updates.ts';
import type { HandshakePlan } from './plan.ts';

/**
 * Stands between ssh2's hostVerifier and the policy. ssh2 takes everything but a literal `false` for a yes, asks before
 * the server has proved that it owns the key, asks again at each re-key, and throws at an answer that comes late. So an
 * accepted key is remembered, a refusal never answers ssh2 but ends the connection, and a new key is recorded only once
 * it is proven.
 */
export class HostKeyGuard {
  /** No longer needed once a key is accepted. */
  #policy: HostKeyPolicy | undefined;
  readonly target: HostKeyTarget;
  #refuse: (error: SshError) => void;
  #acceptedKey: Buffer | undefined;
  /** The certificate that contains the key ssh2 is about to ask about. */
  #certificate: Buffer | undefined;
  #record: (() => Promise<void>) | undefined;
  #update: KnownHostsUpdate | undefined;
  #recorded: Promise<void> | undefined;

  constructor(policy: HostKeyPolicy, target: HostKeyTarget, refuse: (error: SshError) => void) {
    this.#policy = policy;
    this.target = target;
    this.#refuse = refuse;
  }

  get fingerprint(): string {
    const accepted = this.#acceptedKey;
    return accepted ? fingerprintSha256(readCertificate(accepted)?.keyBlob ?? accepted) : '';
  }

  /** Resolves when the proven key has been recorded, if it had to be; rejects if that fails. */
  get recorded(): Promise<void> {
    return this.#recorded ?? Promise.reject(new Error('no host key was proven'));
  }

  readonly verifier = (shown: Buffer, verify: (accept: boolean) => void): void => {
    // ssh2 reads the key from a buffer that it reuses.
    const key = this.#certificate ?? ownCopy(shown);
    this.#certificate = undefined;
    if (this.#acceptedKey) {
      if (equalInConstantTime(key, this.#acceptedKey)) verify(true);
      else this.#refuse(this.#changed(key));
      return;
    }
    this.#judge(key)
      .then((accept) => {
        if (accept && !this.target.over.aborted) verify(true);
      })
      // ssh2 also throws out of verify().
      .catch((error) => this.#refuse(this.#broken(error)));
  };

  /** The server sent a certificate; ssh2 will ask about its key next. */
  certificateShown(certificate: Buffer): void {
    this.#certificate = certificate;
  }

  /** The key exchange is over, and the server's signature was right. */
  keyProven(): void {
    this.#recorded = this.#record?.() ?? Promise.resolve();
    // Not awaited before the end of the login.
    this.#recorded.catch(() => {});
  }

  /** The login is over: all that is left to do is to compare keys with the accepted one. */
  loggedIn(): void {
    this.#policy = undefined;
    this.#record = undefined;
    this.#recorded = undefined;
  }

  /** The server may announce all its host keys; most policies ignore that. */
  awaitFurtherKeys(
    client: Client,
    plan: HandshakePlan,
    serverHostKey: readonly string[],
    chores: Chores,
  ): void {
    const settings = { where: plan.where, log: plan.log, serverHostKey };
    onHostKeysTold(client, (data) => chores.add(this.#hostKeysTold(client, data, settings)));
  }

  async #hostKeysTold(client: Client, data: Buffer, settings: UpdateSettings): Promise<void> {
    const [key, entries] = [this.#acceptedKey, this.#update];
    if (!key || !entries) return;
    // The import also leaves ssh2's packet handler, in which nothing may be sent and no user function called.
    const { updateHostKeys } = await import('./host-key-updates.ts');
    const trusted = { key: readCertificate(key)?.keyBlob ?? key, entries };
    await updateHostKeys(client, data, settings, trusted);
  }

  async #judge(key: Buffer): Promise<boolean> {
    const decision = await this.#policy?.judge(key, this.target);
    if (!decision) return false;
    if (!decision.accepted) {
      this.#refuse(decision.error);
      return false;
    }
    this.#acceptedKey = key;
    this.#record = decision.record;
    this.#update = decision.update;
    return true;
  }

  #changed(key: Buffer): SshError {
    const { host, port } = this.target;
    return new HostKeyMismatch(`${host}:${port} showed another host key at a re-key than at first`, {
      ...detailsOf(key, this.target),
      hint: 'A server does not change its key within a connection: somebody is in between.',
    });
  }

  #broken(error: unknown): SshError {
    const { host, port, hop } = this.target;
    return new HandshakeFailed(`The host key of ${host}:${port} could not be checked`, {
      phase: 'handshake',
      host,
      port,
      hop,
      cause: error,
      retryable: false,
    });
  }
}
