import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { readKeyFile } from '../../ssh2/login/key-files.ts';
import type { OptionSpec } from '../args/option-spec.ts';
import { wrongValue } from '../args/values.ts';
import { exitCodes } from '../exit-codes.ts';
import { say } from '../io.ts';
import type { ServiceManager } from '../service/service.ts';
import { pathOf } from '../setup/file.ts';
import { UsageError } from '../usage-error.ts';
import type { Call, CliCommand } from './command.ts';
import { tunnelCommand } from './tunnel.ts';

const own: readonly OptionSpec[] = [
  {
    name: 'service',
    value: 'NAME',
    help: 'the name of the service',
    default: 'ssh-via-gateway-CODE with -c CODE, else ssh-via-gateway-tunnel',
  },
  { name: 'unit-dir', value: 'DIR', help: 'where the system keeps its services, on Linux and macOS' },
];
/** Without a connection, a code only selects the name. */
const named: readonly OptionSpec[] = [
  ...own,
  { name: 'customer', short: 'c', value: 'CODE', env: true, help: 'the customer whose tunnel it is' },
];
const about =
  'A scheduled task as SYSTEM on Windows, a systemd service on Linux, a launchd service on macOS: started with the system, and again when it ends. Needs root or an administrator. For PCs without Node.js there is setup pc.';
const shared = { about: [about] } as const;
const failed = ['1', 'the system refused: the message says why'] as const;

export const tunnelInstall: CliCommand = {
  ...shared,
  name: 'tunnel install',
  summary: 'Let the system start the tunnel and keep it up; takes the options of tunnel',
  usage: ['tunnel install [options of tunnel] -R [HOST:]PORT:TARGET:PORT GATEWAY', 'tunnel install -c CODE'],
  options: [...tunnelCommand.options, ...own],
  connects: true,
  idle: tunnelCommand.idle,
  examples: [
    [
      "publish this PC's sshd on port 9012 of the gateway, from now on",
      'tunnel install -R 9012:127.0.0.1:22 -i /etc/tunnel/id_ed25519 --reclaim customer12@gateway.example.com',
    ],
    ['what the customers file says', 'tunnel install -c acme --customers /etc/customers.json'],
  ],
  exitCodes: [['0', 'it is installed and started'], failed, ['2', 'wrong use']],
  async run(call) {
    const { settings, io } = call;
    if (settings.flag('ask-password') || settings.flag('ask-passphrase')) {
      throw new UsageError('A service has nobody to ask: use a key, or --password-file, --passphrase-file');
    }
    // Errors in the options are to show now, not in a log.
    await tunnelCommand.check(call);
    // Otherwise, a key file that is missing or is not one would only show in the service's log.
    const keys = ['identity', 'jump-identity'].flatMap((name) => settings.list(name));
    for (const file of keys) await readKeyFile('privateKeyPath', file);
    const name = nameOf(settings);
    const service = { name, title: `Tunnel ${name} (ssh-via-gateway)`, argv: await argvOf(call) };
    return tell(io, name, await (await managerOf(settings)).install(service), 'is as it should be');
  },
};

export const tunnelUninstall: CliCommand = {
  ...shared,
  name: 'tunnel uninstall',
  summary: 'End and remove the service that tunnel install created',
  usage: ['tunnel uninstall [--service NAME | -c CODE]'],
  options: named,
  connects: false,
  examples: [['take it away', 'tunnel uninstall -c acme']],
  exitCodes: [['0', 'it no longer exists'], failed],
  async run({ settings, positionals, io }) {
    refuse(positionals);
    const name = nameOf(settings);
    return tell(io, name, await (await managerOf(settings)).uninstall(name), 'is not installed');
  },
};

export const tunnelStatus: CliCommand = {
  ...shared,
  name: 'tunnel status',
  summary: 'Show whether the service that tunnel install created is running',
  usage: ['tunnel status [--service NAME | -c CODE]'],
  options: named,
  connects: false,
  examples: [['check whether it runs', 'tunnel status -c acme']],
  exitCodes: [
    ['0', 'it runs'],
    ['3', 'it does not run'],
    ['4', 'it is not installed'],
  ],
  async run({ settings, positionals, io }) {
    refuse(positionals);
    const name = nameOf(settings);
    const { isInstalled, isRunning, details } = await (await managerOf(settings)).status(name);
    const state = isRunning
      ? 'runs'
      : isInstalled
        ? `does not run (${details || 'stopped'})`
        : 'is not installed';
    say(io.stdout, `${name}: ${state}`);
    if (isRunning) return exitCodes.ok;
    return isInstalled ? 3 : 4;
  },
};

function refuse(positionals: readonly string[]): void {
  if (positionals.length > 0)
    throw new UsageError('It takes --service NAME or -c CODE, and no other argument');
}

function nameOf(settings: Call['settings']): string {
  const name = settings.text('service') ?? `ssh-via-gateway-${settings.text('customer') ?? 'tunnel'}`;
  if (/^[A-Za-z0-9][\w-]{0,79}$/.test(name)) return name;
  throw wrongValue('--service', name, 'a name of letters, digits, - and _');
}

async function managerOf(settings: Call['settings']): Promise<ServiceManager> {
  const { execute } = await import('../service/execute.ts');
  const { managerFor } = await import('../service/manager.ts');
  return managerFor(process.platform, execute, settings.text('unit-dir'));
}

/** The command line for the service: this program with the given arguments, and file paths made absolute. */
async function argvOf({ settings, positionals }: Call): Promise<string[]> {
  const program = process.argv[1] ?? '';
  // Looked up like this, the name keeps its `node:` prefix, without which the module does not exist.
  const { isSea } = process.getBuiltinModule('node:sea');
  const start = isSea() ? [process.execPath] : [process.execPath, realpathSync(program)];
  const specs = tunnelInstall.options.filter((spec) => !own.includes(spec));
  const { connectOptions, generalOptions } = await import('../connect/options.ts');
  // A service starts in a folder of its own, where there is no customers.json.
  const whole =
    settings.text('customer') === undefined
      ? settings
      : settings.withDefaults({ customers: pathOf(settings) });
  const options = whole.toArgv([...specs, ...connectOptions, ...generalOptions], (spec, value) =>
    spec.value === 'FILE' && value !== 'none' ? resolve(value) : value,
  );
  return [...start, 'tunnel', ...options, ...positionals];
}

function tell(io: Call['io'], name: string, did: readonly string[], nothing: string): number {
  if (did.length === 0) say(io.stdout, `${name}: ${nothing}`);
  for (const line of did) say(io.stdout, line);
  return exitCodes.ok;
}
