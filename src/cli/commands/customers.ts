import { given } from '../../check/given.ts';
import { addCustomer, changeCustomer, customerIn } from '../../customers/entries.ts';
import { checkHostKey } from '../../options/validate-host-key.ts';
import { printable } from '../../text/printable.ts';
import { anAccount, aPort, asLibrary, oneOf } from '../args/checks.ts';
import { parseDestination } from '../args/destination.ts';
import { pair } from '../args/values.ts';
import { customersOf, inFile } from '../connect/target.ts';
import { exitCodes } from '../exit-codes.ts';
import { say } from '../io.ts';
import type { Customer } from '../library.ts';
import { table } from '../report/table.ts';
import { fileOption, keyPathOf, pathOf } from '../setup/file.ts';
import { UsageError } from '../usage-error.ts';
import type { Call, CliCommand } from './command.ts';
import { oneCode } from './positionals.ts';

const json = { name: 'json', help: 'print JSON' };
const about =
  'The customers file says for each customer how to reach its PC; every command that connects takes a customer with -c CODE. Its schema is part of the package (ssh-via-gateway/customers.schema.json). Changes are atomic and keep fields that are not known.';
const shared = { connects: false, about: [about] } as const;
const written = [
  ['0', 'done'],
  ['1', 'the file could not be written (no space left, for example), and is as it was'],
  ['2', 'wrong use, or an invalid file: the message names the line and the field'],
] as const;

export const customersList: CliCommand = {
  ...shared,
  name: 'customers list',
  summary: 'List the customers of the customers file',
  usage: ['customers list [options]'],
  options: [fileOption, { name: 'all', help: 'include those who have left' }, json],
  examples: [['list them', 'customers list']],
  exitCodes: [['0', 'listed'], written[2]],
  async run({ settings, positionals, io }) {
    if (positionals.length > 0)
      throw new UsageError('customers list takes no argument; customers show takes CODE');
    const { customers } = await customersOf(settings);
    const shown = [...customers.values()].filter(({ state }) => settings.flag('all') || state === 'active');
    if (settings.flag('json')) say(io.stdout, JSON.stringify(shown));
    else if (shown.length === 0) say(io.stdout, 'No customers.');
    else
      for (const line of table(
        ['CODE', 'PORT', 'ACCOUNT', 'PC', 'ROUTE', 'STATE', 'LABELS'],
        shown.map(rowOf),
      ))
        say(io.stdout, line);
    return exitCodes.ok;
  },
};

function rowOf({ code, port, account, username, route, state, labels }: Customer): string[] {
  const words = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return [code, String(port), account, printable(username, 40), route, state, printable(words.join(' '), 80)];
}

export const customersShow: CliCommand = {
  ...shared,
  name: 'customers show',
  summary: 'Show what the customers file says about one customer, with defaults filled in',
  usage: ['customers show [options] CODE'],
  options: [fileOption],
  examples: [['one customer', 'customers show acme']],
  exitCodes: [['0', 'shown'], written[2]],
  async run(call) {
    const { code, file } = subjectOf(call);
    say(call.io.stdout, JSON.stringify(await inFile(call.settings, () => customerIn(file, code)), null, 2));
    return exitCodes.ok;
  },
};

export const customersAdd: CliCommand = {
  ...shared,
  name: 'customers add',
  summary: 'Add a customer to the customers file; the gateway is not changed',
  usage: ['customers add --port N [options] CODE'],
  options: [
    fileOption,
    { name: 'port', short: 'p', value: 'N', check: aPort, help: "the customer's port on the gateway" },
    {
      name: 'account',
      value: 'NAME',
      check: anAccount,
      help: 'its account on the gateway',
      default: 'tunnel-CODE',
    },
    { name: 'login', value: 'NAME', help: 'the account on the PC', default: 'rpa' },
    {
      name: 'host-key',
      value: 'KEY',
      check: asLibrary((name, value) => checkHostKey(name, { key: value })),
      help: "the PC's host key, ssh-ed25519 AAAA...",
    },
    { name: 'host-key-alias', value: 'NAME', help: 'its name in known_hosts', default: 'the code' },
    { name: 'identity', short: 'i', value: 'FILE', help: "the workers' private key for the PC" },
    {
      name: 'route',
      value: 'ROUTE',
      check: oneOf('published', 'jump', 'socket'),
      help: 'published, jump or socket',
      default: "the gateway's layout",
    },
    { name: 'label', value: 'NAME=VALUE', multiple: true, check: pair, help: 'any text of your own' },
    { name: 'gateway', value: 'HOST[:PORT]', help: 'create the file, with this gateway, if there is none' },
  ],
  examples: [
    ['one whose tunnel is already up', 'customers add --port 9012 --account tunnel-acme acme'],
    ['the first one', 'customers add --gateway gateway.example.com --port 9001 first'],
  ],
  exitCodes: written,
  async run(call) {
    const { code, file } = subjectOf(call);
    await inFile(call.settings, () =>
      addCustomer(file, code, entryOf(call.settings, code), { gateway: gatewayOf(call.settings) }),
    );
    say(call.io.stdout, `${code}: added to ${file}`);
    return exitCodes.ok;
  },
};

export const customersLeave: CliCommand = {
  ...shared,
  name: 'customers leave',
  summary: 'Mark a customer as left in the customers file; setup remove also ends its tunnel',
  usage: ['customers leave [options] CODE'],
  options: [fileOption],
  examples: [['its PC is no longer connected to, and its port is free for another', 'customers leave acme']],
  exitCodes: written,
  async run(call) {
    const { code, file } = subjectOf(call);
    const isNews = await inFile(call.settings, () => changeCustomer(file, code, { state: 'left' }));
    say(call.io.stdout, `${code}: ${isNews ? 'marked as left' : 'had already left'}`);
    return exitCodes.ok;
  },
};

function subjectOf({ positionals, settings }: Call): { code: string; file: string } {
  return { code: oneCode(positionals), file: pathOf(settings) };
}

function entryOf(settings: Call['settings'], code: string) {
  const port = settings.port('port');
  if (port === undefined) throw new UsageError("--port N says which port of the gateway is the customer's");
  const labels = Object.fromEntries(settings.list('label').map((one) => pair(one, '--label')));
  const texts = {
    username: settings.text('login'),
    privateKeyPath: keyPathOf(settings, 'identity'),
    hostKeyAlias: settings.text('host-key-alias'),
    hostKey: settings.text('host-key'),
    route: settings.choice('route', ['published', 'jump', 'socket']),
  };
  return {
    account: settings.text('account') ?? `tunnel-${code.toLowerCase()}`,
    port,
    ...(Object.fromEntries(
      Object.entries(texts).filter(([, text]) => text !== undefined),
    ) as Partial<Customer>),
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
  };
}

function gatewayOf(settings: Call['settings']) {
  const text = settings.text('gateway');
  if (text === undefined) return undefined;
  const { host, port, user } = parseDestination(text, '--gateway');
  return {
    host,
    ...given({ port, operator: user }),
  };
}
