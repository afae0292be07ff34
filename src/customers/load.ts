import { resolve } from 'node:path';
import { checkArgument } from '../check/options.ts';
import { text } from '../check/values.ts';
import { readOwnFile, whyUnread } from '../files/own-file.ts';
import { printable } from '../text/printable.ts';
import { CustomersFileError } from './error.ts';
import type { Customers } from './types.ts';

/**
 * Reads a customers file: the gateway, and for each customer its account and port there, the login on its PC, the
 * PC's host key and its alias, the route, labels, and whether it has left. The file is JSON; its schema is in the
 * package: `ssh-via-gateway/customers.schema.json`.
 *
 * @param file path of the file. Default: `$SSH_VIA_GATEWAY_CUSTOMERS`, else `customers.json` in the working folder.
 * @throws {CustomersFileError} a TypeError that says what is wrong, and in which line and field.
 *
 * @example
 * const { customers } = await loadCustomers('customers.json');
 * for (const { code, port, state } of customers.values()) console.log(code, port, state);
 */
export async function loadCustomers(file: string = defaultCustomersFile()): Promise<Customers> {
  checkArgument('file', file, text('the path of a customers file'));
  const path = resolve(file);
  const { readCustomers } = await import('./read.ts');
  return readCustomers({ file: path, text: await readCustomersText(path) });
}

/** More than a million customers take. */
const mostOfAFile = 512 * 1024 * 1024;

export function defaultCustomersFile(): string {
  return process.env['SSH_VIA_GATEWAY_CUSTOMERS'] || 'customers.json';
}

export async function readCustomersText(file: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readOwnFile(file, { most: mostOfAFile });
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const why = isMissing ? 'there is no such file' : `it cannot be read (${printable(whyUnread(error))})`;
    throw new CustomersFileError(why, { file });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // If the file were written back, what cannot be decoded would be lost.
    throw new CustomersFileError('it is not UTF-8 (but UTF-16, or a code page): save it as UTF-8', { file });
  }
}
