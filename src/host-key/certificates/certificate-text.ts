import { fileText } from '../../text/file-text.ts';
import { decodeBase64 } from '../keys/fingerprint.ts';
import { readPublicKey } from '../keys/public-key.ts';
import { type Certificate, readCertificate } from './certificate.ts';

/**
 * The certificate in a `-cert.pub` file: as in `ssh`, the first line `type base64 comment` that is a key. A Buffer may
 * also hold the raw bytes.
 */
export function readCertificateText(given: string | Buffer): Certificate | undefined {
  const bare = typeof given === 'string' ? undefined : readCertificate(given);
  if (bare !== undefined) return bare;
  const { name, blob } = firstKey(given);
  const certificate = blob && readCertificate(blob);
  return certificate?.name === name ? certificate : undefined;
}

/** Whether its first key is a plain one, so that it is not a certificate. */
export function isPlainKeyText(given: string | Buffer): boolean {
  const { blob } = firstKey(given);
  return blob !== undefined && readPublicKey(blob)?.certificate === false;
}

function firstKey(given: string | Buffer): { name?: string; blob?: Buffer } {
  for (const line of fileText(given).split('\n')) {
    const [name = '', base64 = ''] = line.trim().split(/[ \t]+/, 2);
    const blob = name.startsWith('#') ? undefined : decodeBase64(base64);
    if (blob && readPublicKey(blob)) return { name, blob };
  }
  return {};
}
