import type { HostKeyDetails } from '../../errors/index.ts';
import type { StopSwitch } from '../../time/stop-switch.ts';
import { readCertificate } from '../certificates/certificate.ts';
import { fingerprintSha256, keyTypeOf } from '../keys/fingerprint.ts';

/** Whose key is being judged. */
export interface HostKeyTarget {
  readonly host: string;
  readonly port: number;
  readonly hop?: string | undefined;
  /** The host key algorithms of this connection. */
  readonly algorithms: readonly string[];
  /** Triggered when nobody waits for the verdict any more. */
  readonly over: StopSwitch;
}

/** What errors report about a host key; for a certificate, about the certified key. */
export function detailsOf(shown: Buffer, { host, port, hop }: HostKeyTarget): HostKeyDetails {
  const key = readCertificate(shown)?.keyBlob ?? shown;
  return {
    phase: 'handshake',
    host,
    port,
    hop,
    keyType: keyTypeOf(key),
    fingerprint: fingerprintSha256(key),
  };
}

export function at({ host, port }: HostKeyTarget): string {
  return `${host}:${port}`;
}
