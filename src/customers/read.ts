import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { given } from '../check/given.ts';
import schema from './customers.schema.json' with { type: 'json' };
import { type CustomersFileError, wrongAt } from './error.ts';
import { type JsonNode, JsonSyntaxError, memberOf, parseJson, plainValue } from './json/parse.ts';
import { checkAgainst, type Schema } from './json/schema.ts';
import type { Customer, CustomerGateway, Customers } from './types.ts';

interface CustomersText {
  file: string;
  text: string;
}

/** The customers in a file's text. @throws {CustomersFileError} with line and field. */
export function readCustomers(source: CustomersText): Customers {
  const root = parse(source);
  const [problem] = checkAgainst(schema as Schema, root);
  if (problem) throw wrongAt(source, problem);
  const folder = dirname(source.file);
  const gateway = gatewayOf(plainValue(memberOf(root, 'gateway')!.value), folder);
  const entries = memberOf(root, 'customers')!.value;
  const customers = new Map<string, Customer>();
  for (const { name, value } of entries.kind === 'object' ? entries.members : []) {
    customers.set(name, customerOf(name, plainValue(value), { gateway, folder }));
  }
  checkShared(source, entries, customers);
  return { file: source.file, gateway, customers };
}

function parse(source: CustomersText): JsonNode {
  try {
    return parseJson(source.text);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw wrongAt(source, { offset: error.offset, message: `this is not JSON: ${error.message}` });
  }
}

type GivenGateway = Partial<Omit<CustomerGateway, 'host'>> & Pick<CustomerGateway, 'host'>;

function gatewayOf(value: unknown, folder: string): CustomerGateway {
  // Validated against the schema.
  const { host, port, hostKey, layout, operator, username, privateKeyPath } = value as GivenGateway;
  return {
    host,
    port: port ?? 22,
    hostKey: hostKey ?? [],
    layout: layout ?? 'published',
    operator: operator ?? 'root',
    ...given({ username }),
    ...(privateKeyPath === undefined ? {} : { privateKeyPath: pathFrom(folder, privateKeyPath) }),
  };
}

type CustomerEntry = Partial<Customer> & Pick<Customer, 'account' | 'port'>;

function customerOf(
  code: string,
  value: unknown,
  { gateway, folder }: { gateway: CustomerGateway; folder: string },
): Customer {
  const entry = value as CustomerEntry;
  const { account, port, username, privateKeyPath, hostKeyAlias, hostKey, route, labels, state } = entry;
  return {
    code,
    account,
    port,
    username: username ?? 'rpa',
    hostKeyAlias: hostKeyAlias ?? code,
    route: route ?? gateway.layout,
    labels: labels ?? {},
    state: state ?? 'active',
    ...(privateKeyPath === undefined ? {} : { privateKeyPath: pathFrom(folder, privateKeyPath) }),
    ...given({ hostKey }),
  };
}

function pathFrom(folder: string, path: string): string {
  return /^~(?=$|[\\/])/.test(path) ? path.replace('~', homedir()) : resolve(folder, path);
}

/** Two active customers with the same port or host key alias would be mistaken for each other. */
function checkShared(
  source: CustomersText,
  entries: JsonNode,
  customers: ReadonlyMap<string, Customer>,
): void {
  for (const field of ['port', 'hostKeyAlias'] as const) {
    const seen = new Map<string | number, string>();
    for (const { code, state, ...customer } of customers.values()) {
      if (state === 'left') continue;
      const other = seen.get(customer[field]);
      if (other !== undefined) throw shared(source, entries, { code, other, field });
      seen.set(customer[field], code);
    }
  }
}

function shared(
  source: CustomersText,
  entries: JsonNode,
  { code, other, field }: { code: string; other: string; field: string },
): CustomersFileError {
  const entry = memberOf(entries, code)!;
  const { start } = memberOf(entry.value, field) ?? entry;
  return wrongAt(source, {
    offset: start,
    field: `customers.${code}.${field}`,
    message: `${other} has the same one, and both are active`,
  });
}
