import { readOwnFile, whyUnread } from '../../files/own-file.ts';
import { defaultPort } from '../../options/defaults.ts';
import { quoted } from '../../text/printable.ts';
import { aPort, oneOf } from '../args/checks.ts';
import type { OptionSpec } from '../args/option-spec.ts';
import { customersOf } from '../connect/target.ts';
import { exitCodes } from '../exit-codes.ts';
import { say, write } from '../io.ts';
import type { Customer } from '../library.ts';
import { fileFailure, putWhole } from '../put-whole.ts';
import { codeAndGateway, fileOption } from '../setup/file.ts';
import { UsageError } from '../usage-error.ts';
import type { Call, CliCommand } from './command.ts';
import { refuseMore } from './positionals.ts';

const options: readonly OptionSpec[] = [
  fileOption,
  {
    name: 'for',
    value: 'SYSTEM',
    check: oneOf('windows', 'linux'),
    help: 'windows (PowerShell 5.1) or linux (sh, systemd)',
    default: 'windows',
  },
  {
    name: 'worker-key',
    value: 'FILE',
    help: 'public key of the workers, which the PC is to accept',
    default: "the .pub beside the customer's privateKeyPath",
  },
  {
    name: 'output',
    value: 'FILE',
    help: 'write the script to this file; > in PowerShell would write UTF-16, which no sh can read',
  },
  {
    name: 'target-port',
    value: 'PORT',
    check: aPort,
    help: "the port of the PC's SSH server",
    default: String(defaultPort),
  },
];

export const setupPc: CliCommand = {
  name: 'setup pc',
  summary: 'Print the one script that makes a PC reachable; the PC needs no Node.js',
  usage: ['setup pc CODE [--for windows|linux] [options] > FILE'],
  about: [
    "Run as administrator, the script sets up the PC's SSH server, authorizes the workers' key, generates a key of its own, pins the gateway's host key, and keeps the tunnel with the system's own ssh: as a scheduled task, or as a systemd service. It shows the public key for setup customer. It also takes -Status, -Update and -Uninstall.",
    'It contains no secret, and speaks English, or Korean where Windows does.',
  ],
  options,
  connects: false,
  examples: [
    ['for a Windows PC', 'setup pc acme > tunnel-acme.ps1'],
    ['for a Linux PC', 'setup pc acme --for linux > tunnel-acme.sh'],
  ],
  exitCodes: [
    ['0', 'printed'],
    ['1', 'it could not be written: no space left, for example; the file of --output is unchanged'],
    ['2', 'wrong use, no such customer, or the host key of the gateway is not in the customers file'],
  ],
  async run({ settings, positionals, io }) {
    const { code } = codeAndGateway(positionals);
    refuseMore(positionals, 1, 'CODE');
    const { customers, gateway } = await customersOf(settings);
    const customer = customers.get(code);
    if (customer?.state !== 'active')
      throw new UsageError(
        `CODE: no active customer is called ${code}; customers list shows which there are`,
      );
    const { pcScript } = await import('../../setup/pc/pc-script.ts');
    const workerKey = await workerKeyOf(settings, customer);
    const script = pcScript(gateway, customer, {
      system: settings.choice('for', ['windows', 'linux']) ?? 'windows',
      targetPort: settings.port('target-port') ?? defaultPort,
      workerKey,
    });
    if (workerKey === undefined) {
      const { privateKeyPath: key } = customer;
      const why =
        key === undefined
          ? 'the customers file names no privateKeyPath'
          : `there is no public key ${quoted(`${key}.pub`)}; ssh-keygen makes the pair`;
      say(io.stderr, `The script lets no worker in: ${why}. --worker-key FILE names another one.`);
    }
    await deliver(script, { settings, io });
    return exitCodes.ok;
  },
};

/** Writes the script unchanged, byte for byte, to a file or to the standard output. */
async function deliver(script: string, { settings, io }: Pick<Call, 'settings' | 'io'>): Promise<void> {
  const file = settings.text('output');
  if (file === undefined) return write(io.stdout, script);
  try {
    await putWhole(file, script);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw fileFailure(error, `--output: ${quoted(file)} cannot be written (${code ?? message})`);
  }
}

/** Without an option, the public half of the key that workers use; undefined if that file does not exist. */
async function workerKeyOf(settings: Call['settings'], customer: Customer): Promise<string | undefined> {
  const { plainKey } = await import('../../setup/customer/key.ts');
  const named = settings.text('worker-key');
  const file = named ?? (customer.privateKeyPath && `${customer.privateKeyPath}.pub`);
  if (file === undefined) return undefined;
  try {
    return plainKey((await readOwnFile(file)).toString());
  } catch (error) {
    if (named === undefined) return undefined;
    throw new UsageError(`--worker-key: ${quoted(file)} is not a public key (${whyUnread(error)})`);
  }
}
