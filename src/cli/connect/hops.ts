import { given } from '../../check/given.ts';
import type { Settings } from '../args/settings.ts';
import type { Io } from '../io.ts';
import type { ConnectOptions, JumpHostOptions } from '../library.ts';
import { UsageError } from '../usage-error.ts';
import { JumpHostKeys } from './jump-host-keys.ts';
import { jumpOptions } from './jump-options.ts';
import { limitsOf } from './limits.ts';
import { keepaliveOf } from './patience.ts';
import { askAll } from './prompt.ts';
import { readSecret } from './secrets.ts';

/**
 * Applies the user's options for jump hosts, whatever names the hosts: `--jump`, ProxyJump in ssh_config, or the
 * customers file.
 */
export class Hops {
  readonly #settings: Settings;
  readonly #io: Io;
  readonly #hostKeys: JumpHostKeys;
  readonly #secrets: { password: string | undefined; passphrase: string | undefined };
  #count = 0;

  private constructor(
    settings: Settings,
    io: Io,
    secrets: { password: string | undefined; passphrase: string | undefined },
  ) {
    this.#settings = settings;
    this.#io = io;
    this.#hostKeys = new JumpHostKeys(settings);
    this.#secrets = secrets;
  }

  /** `passphrase` is for the destination's key; jump hosts use that key, too, if they have none of their own. */
  static async from(settings: Settings, io: Io, passphrase: string | undefined): Promise<Hops> {
    const password = await readSecret('jump-password', settings, io, 'of the jump hosts');
    const own = await readSecret('jump-passphrase', settings, io, "of the jump hosts' private key");
    return new Hops(settings, io, { password, passphrase: own ?? passphrase });
  }

  /** Adds the options to what is known about one jump host; `alias` is its name as the user wrote it. */
  optionsOf(known: ConnectOptions, alias?: string): JumpHostOptions {
    this.#count++;
    // Attempts and the total timeout belong to the connection that the jump host carries.
    const { retry: _retry, signal: _signal, timeouts, ...found } = known;
    const { total: _total, ...limits } = timeouts ?? {};
    const settings = this.#settings;
    const { password, passphrase } = this.#secrets;
    const asks = this.#io.stdin.isTTY && password === undefined;
    const identity = settings.text('jump-identity') ?? settings.text('identity');
    return {
      ...found,
      ...given({
        privateKeyPath: identity,
        agentFirst: identity === undefined ? undefined : false,
        passphrase,
        password,
        hostKey: this.#hostKeys.of(found, alias),
        keepalive: keepaliveOf(settings, found),
      }),
      ...(asks ? { keyboardInteractive: askAll(this.#io, `${found.username}@${found.host}: `) } : {}),
      timeouts: { ...limits, ...limitsOf(settings) },
    };
  }

  /** @throws {UsageError} for options about jump hosts that are not on the way: a typo would otherwise go unnoticed. */
  finish(): void {
    if (this.#count > 0) return this.#hostKeys.refuseUnused();
    const idle = jumpOptions.find(({ name }) => this.#settings.isArgument(name));
    if (idle) {
      throw new UsageError(
        `--${idle.name} only applies to jump hosts, and there are none on the way: name them by --jump, ProxyJump in ssh_config, or the customers file`,
      );
    }
  }
}
