import { given } from '../../check/given.ts';
import { changeGateway } from '../../customers/entries.ts';
import { defaultGatewaySettings } from '../../setup/gateway/settings.ts';
import { printable } from '../../text/printable.ts';
import { parseDestination } from '../args/destination.ts';
import type { OptionSpec } from '../args/option-spec.ts';
import { wrongValue } from '../args/values.ts';
import { exitCodes } from '../exit-codes.ts';
import { say } from '../io.ts';
import type { CustomerGateway, Customers } from '../library.ts';
import { customersIfAny, inFileAfterGateway, pathOf } from '../setup/file.ts';
import { shellOptions, withGatewayShell } from '../setup/gateway-shell.ts';
import { UsageError } from '../usage-error.ts';
import type { Call, CliCommand } from './command.ts';
import { refuseMore } from './positionals.ts';

const defaultClientAlive = `${defaultGatewaySettings.clientAliveInterval}x${defaultGatewaySettings.clientAliveCountMax}`;

const options: readonly OptionSpec[] = [
  { name: 'apply', help: 'do it; without this, changes are only shown' },
  ...shellOptions,
  {
    name: 'layout',
    value: 'LAYOUT',
    help: 'published: ports open to everybody who can reach the gateway; jump: on its loopback only; socket: Unix sockets',
    default: `the customers file's, else ${defaultGatewaySettings.layout}`,
  },
  {
    name: 'client-alive',
    value: 'SECONDSxN',
    help: 'how often sshd probes a silent PC, and how many probes may stay unanswered',
    default: defaultClientAlive,
  },
  {
    name: 'change-layout',
    help: 'change the layout although there are customers already: their PCs need new scripts',
  },
  {
    name: 'max-startups',
    value: 'A:B:C',
    help: 'unfinished logins that are allowed at once',
    default: defaultGatewaySettings.maxStartups,
  },
  { name: 'sshd-config', value: 'FILE', help: 'on the gateway', default: defaultGatewaySettings.config },
  { name: 'sshd', value: 'PROGRAM', help: 'on the gateway', default: defaultGatewaySettings.sshd },
  {
    name: 'reload',
    value: 'COMMAND',
    help: 'how sshd is reloaded on the gateway',
    default: 'systemctl, otherwise SIGHUP through its pid file',
  },
];

export const setupGateway: CliCommand = {
  name: 'setup gateway',
  summary: 'Show, or with --apply make, the settings that the sshd of a gateway needs',
  usage: ['setup gateway [--apply] [options] [GATEWAY]', 'setup gateway --local [--apply] [options]'],
  about: [
    'Puts one file into sshd_config.d: a group for tunnel accounts that may hold their own port and nothing else, keepalives that free the port of a PC that vanished, and room for a fleet that comes back all at once. A small helper on the gateway lets an account end its own dead session.',
    'The new settings are checked with sshd -t, and with sshd -T as sshd would really use them, before sshd is reloaded; if anything is not as it should be, the old ones come back. Running sessions stay. Run again, it changes nothing. The host keys of the gateway are written into the customers file.',
  ],
  options,
  connects: true,
  leavesOut: ['customer'],
  examples: [
    ['see what would change', 'setup gateway root@gateway.example.com'],
    [
      'do it, with ports on the loopback only',
      'setup gateway --apply --layout jump root@gateway.example.com',
    ],
    ['on the gateway itself', 'setup gateway --local --apply'],
  ],
  exitCodes: [
    ['0', 'it is as it should be; without --apply: it was shown'],
    ['1', 'not done, or sshd does not use what is in place; if not said otherwise, nothing has changed'],
    ['2', 'wrong use'],
    ['255', 'no connection to the gateway'],
  ],
  async run(call) {
    const { settings, positionals, io } = call;
    refuseMore(positionals, 1, 'GATEWAY');
    const known = await customersIfAny(settings);
    const wanted = await settingsOf(settings, known);
    const isChange = settings.flag('apply');
    const reach = { settings, io, positional: positionals[0], gateway: known?.gateway, isChange };
    return withGatewayShell(reach, async (shell) => {
      const { applyGateway, planGateway } = await import('../../setup/gateway/setup-gateway.ts');
      const { SetupFailed } = await import('../../setup/shell.ts');
      const plan = await planGateway(shell, wanted);
      for (const line of plan.changes) say(io.stdout, printable(line, 300));
      const did = isChange ? await applyGateway(shell, wanted, plan) : [];
      for (const line of did) say(io.stderr, printable(line, 300));
      const { changes, obstacle } = plan;
      if (!isChange && changes.length > 0) say(io.stderr, 'Nothing was changed; --apply does it.');
      else if (!isChange && obstacle !== undefined)
        throw new SetupFailed(`${shell.name}: ${printable(obstacle, 1_500)}`);
      else if (changes.length + did.length === 0) say(io.stdout, `${shell.name}: all is as it should be`);
      if (isChange) await record(call, known, { layout: wanted.layout, hostKey: plan.hostKeys });
      return exitCodes.ok;
    });
  },
};

async function settingsOf(settings: Call['settings'], known: Customers | undefined) {
  const [interval, count] = numbersOf(settings, 'client-alive', /^(\d{1,4})x(\d{1,2})$/, defaultClientAlive);
  const layout = settings.choice('layout', ['published', 'jump', 'socket']) ?? known?.gateway.layout;
  if (layout !== undefined && known && !settings.flag('change-layout')) refuseToCutOff(known, layout);
  const maxStartups = settings.text('max-startups');
  const [start = 1, rate = 1, full = 1] = numbersOf(
    settings,
    'max-startups',
    /^(\d{1,4}):(\d{1,3}):(\d{1,4})$/,
    defaultGatewaySettings.maxStartups,
  );
  if (rate < 1 || rate > 100 || full < start) {
    const right = 'A:B:C with B from 1 to 100 and C of at least A';
    throw wrongValue('--max-startups', maxStartups!, right);
  }
  return {
    ...defaultGatewaySettings,
    ...given({ layout }),
    ...(interval === undefined ? {} : { clientAliveInterval: interval, clientAliveCountMax: count! }),
    ...given({ maxStartups }),
    config: pathOn(settings, 'sshd-config') ?? defaultGatewaySettings.config,
    sshd: pathOn(settings, 'sshd') ?? defaultGatewaySettings.sshd,
    reload: settings.text('reload') ?? '',
  };
}

/** Another layout would send workers to where no PC is, and close the ports that PCs hold. */
function refuseToCutOff({ gateway, customers }: Customers, layout: CustomerGateway['layout']): void {
  if (layout === gateway.layout) return;
  const active = [...customers.values()].filter(({ state }) => state === 'active').map(({ code }) => code);
  if (active.length === 0) return;
  const names =
    active.length > 3 ? `${active.slice(0, 3).join(', ')} and ${active.length - 3} more` : active.join(', ');
  throw new UsageError(
    `--layout: '${layout}' given, and ${names} came with ${gateway.layout}: their PCs would be cut off until they have new scripts (setup pc). --change-layout overrides this`,
  );
}

function numbersOf(settings: Call['settings'], name: string, form: RegExp, example: string): number[] {
  const text = settings.text(name);
  if (text === undefined) return [];
  const numbers = form.exec(text)?.slice(1).map(Number);
  if (!numbers || numbers[0]! < 1) throw wrongValue(`--${name}`, text, `something like ${example}`);
  return numbers;
}

function pathOn(settings: Call['settings'], name: string): string | undefined {
  const path = settings.text(name);
  if (path === undefined || /^\/[\w./-]+$/.test(path)) return path;
  throw wrongValue(`--${name}`, path, 'an absolute path on the gateway, of letters, digits and . _ - /,');
}

/** Records the gateway's name, layout and host keys in the customers file, from which PCs and workers pin the keys. */
async function record(
  { settings, positionals, io }: Call,
  known: Customers | undefined,
  found: Pick<CustomerGateway, 'layout' | 'hostKey'>,
): Promise<void> {
  const { host, port, user } = positionals[0] === undefined ? {} : parseDestination(positionals[0]);
  if (!known && host === undefined) {
    say(io.stderr, 'No customers file was made: setup gateway from elsewhere, or customers add, does that.');
    return;
  }
  const fresh = known
    ? {}
    : {
        ...given({ host }),
        ...((settings.port('port') ?? port) ? { port: (settings.port('port') ?? port)! } : {}),
        ...((settings.text('user') ?? user) ? { operator: (settings.text('user') ?? user)! } : {}),
      };
  const layout = known?.gateway.layout === found.layout ? {} : { layout: found.layout };
  const isKnown = sameKeys(known?.gateway.hostKey ?? [], found.hostKey);
  const change = { ...fresh, ...layout, ...(isKnown ? {} : { hostKey: found.hostKey }) };
  const file = pathOf(settings);
  if (await inFileAfterGateway(settings, () => changeGateway(file, change)))
    say(io.stderr, `wrote the gateway into ${file}`);
}

function sameKeys(before: readonly string[], now: readonly string[]): boolean {
  return now.length === 0 || [...before].sort().join() === [...now].sort().join();
}
