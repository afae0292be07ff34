import { addCustomer, changeCustomer } from '../../customers/entries.ts';
import { readOwnFile, whyUnread } from '../../files/own-file.ts';
import { printable, quoted } from '../../text/printable.ts';
import { aLogin, anAccount, aPort } from '../args/checks.ts';
import type { OptionSpec } from '../args/option-spec.ts';
import { customersOf, inFile } from '../connect/target.ts';
import { exitCodes } from '../exit-codes.ts';
import { say } from '../io.ts';
import type { Customer, Customers } from '../library.ts';
import { codeAndGateway, inFileAfterGateway, keyPathOf, pathOf } from '../setup/file.ts';
import { shellOptions, withGatewayShell } from '../setup/gateway-shell.ts';
import { UsageError } from '../usage-error.ts';
import type { Call, CliCommand } from './command.ts';

const options: readonly OptionSpec[] = [
  {
    name: 'port',
    short: 'p',
    value: 'N',
    check: aPort,
    help: "the customer's port on the gateway; needed the first time",
  },
  {
    name: 'key',
    value: 'KEY',
    help: "public key of the PC's tunnel, as its script shows it: ssh-ed25519 AAAA...",
  },
  { name: 'key-file', value: 'FILE', help: 'the same from a file' },
  { name: 'replace-key', help: 'the PC has a new key: the old one is removed, and its sessions end' },
  { name: 'account', value: 'NAME', help: 'its account on the gateway', default: 'tunnel-CODE' },
  {
    name: 'login',
    value: 'NAME',
    check: aLogin,
    help: 'the account on the PC that workers log in with',
    default: 'rpa',
  },
  { name: 'pc-identity', value: 'FILE', help: "the workers' private key for the PC" },
  ...shellOptions,
];

/** `--customer` and `--port` describe the customer here, not the connection. */
export const ofGateway = { connects: true, leavesOut: ['customer', 'port'] } as const;

export const setupCustomer: CliCommand = {
  ...ofGateway,
  name: 'setup customer',
  summary: 'Create the account of a customer on the gateway, and its entry in the customers file',
  usage: ['setup customer CODE --port N [--key KEY] [options] [GATEWAY]'],
  about: [
    "The account has no password, and its key may hold the customer's own port and nothing else. Without --key the account waits for one: the PC makes it (setup pc), shows the public part, and this command is run again with it.",
    'The gateway is that of the customers file, or [user@]host[:port]. Run again, it changes nothing; what would touch another customer is refused before anything is done.',
  ],
  options,
  examples: [
    ['a new customer; its PC has no key yet', 'setup customer acme --port 9012'],
    ["with the PC's key, as its script showed it", 'setup customer acme --key "ssh-ed25519 AAAA... acme"'],
  ],
  exitCodes: [
    ['0', 'the account and the entry are as they should be'],
    ['1', 'refused or failed; nothing was done, unless the message says so'],
    ['2', 'wrong use'],
    ['255', 'no connection to the gateway'],
  ],
  async run({ settings, positionals, io }) {
    const { code, positional } = codeAndGateway(positionals);
    const known = await customersOf(settings);
    const customer = wanted(settings, known, code);
    const { route, port } = customer;
    if (!known.customers.has(code) && route !== 'socket' && port > 32_767)
      say(
        io.stderr,
        `--port ${port}: the gateway may take it for a connection of its own; 1024 to 32767 is safe`,
      );
    const key = await keyOf(settings);
    // Before anything is done, make sure that the entry can be written.
    await inFile(settings, () => writeEntry({ settings, known, customer, isTrial: true }));
    const reach = {
      settings: settings.without('port'),
      io,
      positional,
      gateway: known.gateway,
      isChange: true,
    };
    await withGatewayShell(reach, async (shell) => {
      const { setUpCustomer } = await import('../../setup/customer/setup-customer.ts');
      const replaceKey = settings.flag('replace-key');
      const { did, needsKey } = await setUpCustomer(shell, customer, { key, replaceKey });
      for (const line of did) say(io.stdout, `${code}: ${printable(line, 300)}`);
      const isWritten = await inFileAfterGateway(settings, () => writeEntry({ settings, known, customer }));
      if (isWritten) say(io.stdout, `${code}: ${writtenEntry(settings, known, code)}`);
      if (did.length === 0 && !isWritten) say(io.stdout, `${code}: all is as it should be`);
      if (needsKey) say(io.stdout, `${code}: waits for the PC's key. Next: ssh-via-gateway setup pc ${code}`);
    });
    return exitCodes.ok;
  },
};

type Wanted = Pick<Customer, 'code' | 'account' | 'port' | 'route'>;

function wanted(settings: Call['settings'], { customers, gateway }: Customers, code: string): Wanted {
  const before = customers.get(code);
  const port = settings.port('port') ?? before?.port;
  if (port === undefined) throw new UsageError("--port N says which port of the gateway is the customer's");
  const account = settings.text('account') ?? before?.account ?? `tunnel-${code.toLowerCase()}`;
  anAccount(account, '--account');
  if (before && before.state === 'active' && (before.port !== port || before.account !== account)) {
    throw new UsageError(
      `${code} has port ${before.port} and account ${before.account} already: setup remove ${code} first`,
    );
  }
  const route = before?.route ?? gateway.layout;
  // sshd itself reserves them for root.
  if (route !== 'socket' && port < 1024) {
    throw new UsageError(`--port: ${port} is reserved for root by sshd; 1024 to 65535 would be right`);
  }
  return { code, account, port, route };
}

async function keyOf(settings: Call['settings']): Promise<string | undefined> {
  const file = settings.text('key-file');
  const given = settings.text('key');
  if (file !== undefined && given !== undefined) throw new UsageError('Give --key or --key-file, not both');
  const text = file === undefined ? given : await readKeyFile(file);
  if (text === undefined) return undefined;
  const { plainKey } = await import('../../setup/customer/key.ts');
  return plainKey(text);
}

async function readKeyFile(file: string): Promise<string> {
  try {
    return (await readOwnFile(file)).toString();
  } catch (error) {
    throw new UsageError(`--key-file: ${quoted(file)} cannot be read (${whyUnread(error)})`);
  }
}

interface EntryToWrite {
  settings: Call['settings'];
  known: Customers;
  customer: Wanted;
  /** Only check whether it could be written. */
  isTrial?: boolean;
}

/** In words, with what has to follow. */
function writtenEntry(settings: Call['settings'], { customers }: Customers, code: string): string {
  const before = customers.get(code);
  const login = settings.text('login');
  const isOther = before?.state === 'active' && login !== undefined && login !== before.username;
  const next = isOther
    ? `; the script of its PC is for ${before.username}: setup pc ${code} makes another`
    : '';
  return `wrote its entry into ${pathOf(settings)}${next}`;
}

/** Returns whether anything changed. */
async function writeEntry({ settings, known, customer, isTrial = false }: EntryToWrite): Promise<boolean> {
  const { code, account, port } = customer;
  const texts = { username: settings.text('login'), privateKeyPath: keyPathOf(settings, 'pc-identity') };
  const more = Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined));
  const entry = { account, port, ...more };
  const file = pathOf(settings);
  if (!known.customers.has(code)) {
    await addCustomer(file, code, entry, { isTrial });
    return true;
  }
  const isBack = known.customers.get(code)!.state === 'left';
  return changeCustomer(file, code, { ...entry, ...(isBack ? { state: 'active' } : {}) }, { isTrial });
}
