import { given } from '../../check/given.ts';
import { printable } from '../../text/printable.ts';
import { defaultAnswerTimeout } from '../../tunnel/list/list.ts';
import { aPort, time } from '../args/checks.ts';
import type { OptionSpec } from '../args/option-spec.ts';
import { asTime, portList } from '../args/values.ts';
import { withConnection } from '../connect/open.ts';
import { customerOf } from '../connect/target.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Io, say } from '../io.ts';
import { type Connection, type GatewayTunnel, listGatewayTunnels } from '../library.ts';
import { jsonText } from '../report/json.ts';
import { inOurWords } from '../report/library-words.ts';
import { table } from '../report/table.ts';
import { inWords } from '../report/times.ts';
import { stoppedWith } from '../stopped.ts';
import { UsageError } from '../usage-error.ts';
import type { Call, CliCommand } from './command.ts';
import { refuseMore } from './positionals.ts';

const options: readonly OptionSpec[] = [
  {
    name: 'ports',
    value: 'LIST',
    env: true,
    check: portList,
    help: 'ports to look at, like 9001-9020,9100',
    default: 'all that SSH sessions listen on',
  },
  {
    name: 'no-check',
    help: 'do not connect through the ports: disturbs no zombie, but says nothing about the PCs',
  },
  {
    name: 'answer-timeout',
    value: 'TIME',
    check: time(),
    help: "for the PC's banner; what is slower counts as silent",
    default: asTime(defaultAnswerTimeout),
  },
  {
    name: 'end',
    value: 'PORT',
    check: aPort,
    help: 'end the session that holds this port: a zombie, or a customer that has left',
  },
  { name: 'json', help: 'print JSON' },
];

export const tunnelsCommand: CliCommand = {
  name: 'tunnels',
  summary: 'List the tunnels of a gateway: who holds which port, and whether the PC answers',
  usage: ['tunnels [options] GATEWAY', 'tunnels [options] --end PORT GATEWAY'],
  about: [
    'Logs in at the gateway itself. As root it sees every session; another account sees the users, and the sessions that left it a note.',
    'alive: the PC answered. pc-down: the tunnel is up, but the sshd of the PC is not. silent: the port accepts and says nothing: a zombie, whose PC has vanished, or a target that is not SSH or is slow; look before you end it. refused: no tunnel. unknown: not checked, or the gateway forbids the check.',
  ],
  options,
  connects: true,
  examples: [
    ['which tunnels are there', 'tunnels root@gateway.example.com'],
    ['the one of a customer of the customers file', 'tunnels -c acme'],
    ['take a port from a zombie', 'tunnels --end 9012 root@gateway.example.com'],
    ['for a monitoring program', 'tunnels --json --ports 9001-9100 ops@gateway.example.com'],
  ],
  exitCodes: [
    ['0', 'listed; with --end: the session has ended'],
    ['1', 'with --end: it has not; the reason is on stderr'],
    ['2', 'wrong use'],
    ['130', 'stopped by Ctrl-C; with --end: what is known of the session is on stderr'],
    ['255', 'no connection to the gateway'],
  ],
  async run({ settings, positionals, io }) {
    refuseMore(positionals, 1, 'GATEWAY');
    const port = settings.port('end');
    const idle = ['ports', 'no-check', 'answer-timeout'].find((name) => settings.isArgument(name));
    if (port !== undefined && idle) throw new UsageError(`--end and --${idle} exclude each other`);
    const ports = await portsOf(positionals[0], settings, io);
    if (port !== undefined && ports?.includes(port) === false) {
      const customer = settings.text('customer');
      throw new UsageError(
        `--end: ${port} given, and ${customer} has port ${ports.join(', ')}: give the gateway in place of -c to end another's session`,
      );
    }
    if (port === undefined) {
      const look = (connection: Connection) => list(connection, ports, settings, io);
      return withConnection(positionals[0], { settings, io }, look, 'operator');
    }
    const ending = new TunnelEnd(port, positionals[0], settings);
    try {
      const work = (connection: Connection) => ending.run(connection, io);
      return await withConnection(positionals[0], { settings, io }, work, 'operator');
    } catch (error) {
      throw stoppedWith(error, { known: ending.known });
    }
  },
};

/** The requested ports; with `-c CODE`, the customer's own. */
async function portsOf(
  positional: string | undefined,
  settings: Call['settings'],
  io: Io,
): Promise<number[] | undefined> {
  const ports = settings.text('end') === undefined ? settings.text('ports') : undefined;
  if (ports !== undefined) return portList(ports, settings.sourceOf('ports'));
  const named = await customerOf(positional, { settings, io });
  if (named?.customer.route === 'socket') {
    const { code } = named.customer;
    throw new UsageError(
      `${code} comes through a Unix socket, and tunnels lists ports: see doctor -c ${code}`,
    );
  }
  return named && [named.customer.port];
}

async function list(
  connection: Connection,
  ports: number[] | undefined,
  settings: Call['settings'],
  io: Io,
): Promise<number> {
  const answerTimeout = settings.duration('answer-timeout');
  const tunnels = await listGatewayTunnels(connection, {
    check: !settings.flag('no-check'),
    signal: io.signal,
    ...given({ ports, answerTimeout }),
  });
  if (settings.flag('json')) say(io.stdout, jsonText(tunnels));
  else for (const line of render(tunnels, Date.now())) say(io.stdout, line);
  return exitCodes.ok;
}

function render(tunnels: readonly GatewayTunnel[], now: number): string[] {
  if (tunnels.length === 0) return ['No tunnels.'];
  const rows = tunnels.map(({ port, verdict, user, uid, pid, since, banner }) => [
    String(port),
    verdict,
    printable(user ?? (uid === undefined ? '' : `uid ${uid}`), 32),
    pid === undefined ? '' : String(pid),
    since === undefined ? '' : inWords(Math.max(0, now - since.getTime())),
    printable(banner ?? '', 60),
  ]);
  return table(['PORT', 'VERDICT', 'USER', 'PID', 'AGE', 'PC'], rows, new Set([0, 3]));
}

/** Ends the session that holds a port, and keeps track of what is known about it. */
class TunnelEnd {
  readonly #port: number;
  readonly #gateway: string | undefined;
  readonly #settings: Call['settings'];
  /** Whether the session has been told to end; until then, it was only being looked for. */
  #isAsked = false;

  constructor(port: number, gateway: string | undefined, settings: Call['settings']) {
    this.#port = port;
    this.#gateway = gateway;
    this.#settings = settings;
  }

  async run(connection: Connection, io: Io): Promise<number> {
    const { endTunnel } = await import('../../tunnel/list/end-tunnel.ts');
    const onEnding = () => {
      this.#isAsked = true;
    };
    const outcome = await endTunnel(connection, this.#port, { signal: io.signal, onEnding });
    if (this.#settings.flag('json')) say(io.stdout, jsonText(outcome));
    else if (outcome.ended) say(io.stdout, `Port ${this.#port}: session ${outcome.pid} has ended.`);
    else say(io.stderr, `Port ${this.#port}: ${inOurWords(outcome.message)} (${outcome.reason})`);
    return outcome.ended ? exitCodes.ok : exitCodes.failed;
  }

  /** What to tell a user who stops us. */
  get known(): string {
    const port = this.#port;
    if (!this.#isAsked) return `stopped: nothing was ended; port ${port} is still held`;
    const code = this.#settings.isArgument('customer') ? `-c ${this.#settings.text('customer')}` : undefined;
    const to = code ?? (this.#gateway === undefined ? '' : printable(this.#gateway));
    const line = ['ssh-via-gateway tunnels --ports', port, to].filter(Boolean).join(' ');
    return `stopped: it is not known whether the session that holds port ${port} has ended; no other was told to. To find out, with the same options: ${line}`;
  }
}
