import { changeCustomer } from '../../customers/entries.ts';
import { printable } from '../../text/printable.ts';
import { customersOf, inFile } from '../connect/target.ts';
import { exitCodes } from '../exit-codes.ts';
import { say } from '../io.ts';
import { codeAndGateway, inFileAfterGateway, pathOf } from '../setup/file.ts';
import { shellOptions, withGatewayShell } from '../setup/gateway-shell.ts';
import { UsageError } from '../usage-error.ts';
import type { CliCommand } from './command.ts';
import { ofGateway } from './setup-customer.ts';

export const setupRemove: CliCommand = {
  ...ofGateway,
  name: 'setup remove',
  summary: 'Remove a customer: its key, account and sessions; and mark it in the customers file',
  usage: ['setup remove [options] CODE [GATEWAY]'],
  about: [
    'The key is taken away (a copy stays in /var/lib/ssh-via-gateway/backup), the account is closed so that no key logs in any more, its sessions end, and the port is checked to be free. The account itself stays, so that nobody else gets its name and uid. Run again, it changes nothing. setup customer opens it again.',
  ],
  options: [
    {
      name: 'adopt',
      help: 'also remove an account that setup customer did not create: it must be this customer’s alone',
    },
    ...shellOptions,
  ],
  examples: [['a customer who leaves', 'setup remove acme']],
  exitCodes: [
    ['0', 'it is gone'],
    ['1', 'refused, or something did not end: the message says what'],
    ['2', 'wrong use'],
    ['255', 'no connection to the gateway'],
  ],
  async run({ settings, positionals, io }) {
    const { code, positional } = codeAndGateway(positionals);
    const { customers, gateway } = await customersOf(settings);
    const customer = customers.get(code);
    if (!customer)
      throw new UsageError(`CODE: no customer is called ${code}; customers list --all shows which there are`);
    const others = [...customers.values()].filter((one) => one.code !== code && one.state === 'active');
    const sharer = others.find(({ account }) => account === customer.account);
    if (sharer)
      throw new UsageError(`${sharer.code} has the account ${customer.account} too: it cannot be closed`);
    const file = pathOf(settings);
    await inFile(settings, () => changeCustomer(file, code, { state: 'left' }, { isTrial: true }));
    const reach = { settings: settings.without('port'), io, positional, gateway, isChange: true };
    await withGatewayShell(reach, async (shell) => {
      const { removeCustomer } = await import('../../setup/customer/setup-customer.ts');
      const { did, heldBy } = await removeCustomer(shell, customer, { adopt: settings.flag('adopt') });
      for (const line of did) say(io.stdout, `${code}: ${printable(line, 300)}`);
      const leave = () => changeCustomer(file, code, { state: 'left' });
      const isNews = await inFileAfterGateway(settings, leave);
      if (isNews) say(io.stdout, `${code}: marked as left`);
      if (did.length === 0 && !isNews) say(io.stdout, `${code}: was gone already`);
      const [holder] = heldBy;
      say(
        io.stdout,
        holder === undefined
          ? `${code}: port ${customer.port} is free`
          : `${code}: port ${customer.port} is in use by ${printable(holder, 40)}`,
      );
    });
    return exitCodes.ok;
  },
};
