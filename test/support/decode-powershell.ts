import { Buffer } from 'node:buffer';

/** The PowerShell code in a command with `-EncodedCommand`. */
export function decodeCommand(command: string): string {
  const encoded = / -EncodedCommand ([A-Za-z0-9+/]+=*)$/.exec(command)?.[1];
  if (!encoded) throw new Error(`no -EncodedCommand in ${command}`);
  return Buffer.from(encoded, 'base64').toString('utf16le');
}
