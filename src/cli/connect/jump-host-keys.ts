import { quoted } from '../../text/printable.ts';
import type { Settings } from '../args/settings.ts';
import type { ConnectOptions, HostKeyOption } from '../library.ts';
import { UsageError } from '../usage-error.ts';
import { knownHostsOver } from './host-key.ts';
import { splitJumpHostKey } from './jump-options.ts';

type JumpHostKey = Pick<ConnectOptions, 'host' | 'port' | 'hostKey'>;

/** The host keys accepted for jump hosts, and which of them have been used. */
export class JumpHostKeys {
  readonly #settings: Settings;
  readonly #pins: Array<{ host: string | undefined; fingerprints: string[]; isUsed: boolean }>;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#pins = settings.list('jump-host-key').map((text) => ({ ...splitJumpHostKey(text), isUsed: false }));
  }

  /**
   * How to check one's key: by its own fingerprint, by that for all, or like the destination's without a fingerprint.
   */
  of({ host, port = 22, hostKey }: JumpHostKey, alias: string | undefined): HostKeyOption | undefined {
    const names = [host, `${host}:${port}`, alias, `${alias}:${port}`];
    const own = this.#pins.filter((pin) => pin.host !== undefined && names.includes(pin.host));
    const fitting = own.length > 0 ? own : this.#pins.filter((pin) => pin.host === undefined);
    for (const pin of fitting) pin.isUsed = true;
    const fingerprint = fitting.flatMap(({ fingerprints }) => fingerprints);
    if (fingerprint.length > 0) return { fingerprint };
    if (this.#settings.flag('insecure-accept-any-host-key')) return 'insecure-accept-any';
    // The alias names the destination.
    return knownHostsOver(this.#settings.without('host-key-alias'), hostKey);
  }

  refuseUnused(): void {
    const unused = this.#pins.find(({ host, isUsed }) => host !== undefined && !isUsed);
    if (!unused) return;
    const source = this.#settings.sourceOf('jump-host-key');
    throw new UsageError(`${source}: no jump host on the way is called ${quoted(unused.host ?? '', 60)}`);
  }
}
