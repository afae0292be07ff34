import { nearest } from '../text/nearest.ts';
import { quoted } from '../text/printable.ts';
import { CustomersFileError } from './error.ts';
import { setInJson } from './json/edit.ts';
import { loadCustomers } from './load.ts';
import type { Customer, CustomerGateway } from './types.ts';
import { changeCustomersFile } from './write.ts';

/** What may be written into a customer's entry. */
type CustomerChange = Partial<Omit<Customer, 'code'>>;

interface ChangeOptions {
  /** Only check whether it could be done. */
  isTrial?: boolean | undefined;
}

/** The text of a file without customers. */
function emptyCustomers(gateway: Partial<CustomerGateway>): string {
  const $schema = 'https://unpkg.com/ssh-via-gateway/dist/customers.schema.json';
  return `${JSON.stringify({ $schema, gateway, customers: {} }, null, 2)}\n`;
}

/**
 * Adds a customer. If the file does not exist, it is created, provided that `gateway` gives its contents.
 * @throws {CustomersFileError} if the customer exists already.
 */
export async function addCustomer(
  file: string,
  code: string,
  entry: CustomerChange & Pick<Customer, 'account' | 'port'>,
  options: ChangeOptions & { gateway?: Partial<CustomerGateway> | undefined } = {},
): Promise<void> {
  const { gateway, isTrial } = options;
  const add = (text: string) => {
    const same = codesOf(text).find((known) => known.toLowerCase() === code.toLowerCase());
    if (same === code) throw new CustomersFileError(`${code} is already in it`, { file });
    if (same !== undefined) {
      const why = `${same} is already in it, and differs in case only: account and folder would be the same`;
      throw new CustomersFileError(why, { file });
    }
    return setInJson(text, ['customers', code], entry);
  };
  await changeCustomersFile(file, add, { initial: gateway && emptyCustomers(gateway), isTrial });
}

/** Changes members of a customer's entry and keeps the others. Returns whether anything changed. */
export async function changeCustomer(
  file: string,
  code: string,
  change: CustomerChange,
  { isTrial }: ChangeOptions = {},
): Promise<boolean> {
  const edit = (text: string) => {
    const codes = codesOf(text);
    if (!codes.includes(code)) throw noSuchCustomer(file, code, codes);
    return Object.entries(change).reduce(
      (before, [name, value]) =>
        value === undefined ? before : setInJson(before, ['customers', code, name], value),
      text,
    );
  };
  return changeCustomersFile(file, edit, { isTrial });
}

/** Changes members of the gateway's entry, or creates the file with it. Returns whether anything changed. */
export async function changeGateway(file: string, change: Partial<CustomerGateway>): Promise<boolean> {
  const edit = (text: string) =>
    Object.entries(change).reduce(
      (before, [name, value]) => setInJson(before, ['gateway', name], value),
      text,
    );
  return changeCustomersFile(
    file,
    edit,
    change.host === undefined ? {} : { initial: emptyCustomers(change) },
  );
}

/** @throws {CustomersFileError} if the file has no such customer. */
export async function customerIn(file: string, code: string): Promise<Customer> {
  const { customers } = await loadCustomers(file);
  const customer = customers.get(code);
  if (!customer) throw noSuchCustomer(file, code, [...customers.keys()]);
  return customer;
}

function noSuchCustomer(file: string, code: string, codes: readonly string[]): CustomersFileError {
  const meant = nearest(code, codes);
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  return new CustomersFileError(`there is no customer ${quoted(code, 40)}${hint}`, { file });
}

function codesOf(text: string): string[] {
  // The text has been validated.
  return Object.keys((JSON.parse(text.replace(/^\ufeff/, '')) as { customers: object }).customers);
}
