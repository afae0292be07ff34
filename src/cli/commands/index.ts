import type { CliCommand } from './command.ts';
import { customersAdd, customersLeave, customersList, customersShow } from './customers.ts';
import { demoCommand } from './demo.ts';
import { doctorCommand } from './doctor.ts';
import { execCommand } from './exec.ts';
import { lsCommand, mkdirCommand } from './folders.ts';
import { jobKill, jobLogs, jobRemove, jobStart, jobStatus } from './job.ts';
import { setupCustomer } from './setup-customer.ts';
import { setupGateway } from './setup-gateway.ts';
import { setupPc } from './setup-pc.ts';
import { setupRemove } from './setup-remove.ts';
import { shellCommand } from './shell.ts';
import { getCommand, putCommand } from './transfer.ts';
import { tunnelCommand } from './tunnel.ts';
import { tunnelInstall, tunnelStatus, tunnelUninstall } from './tunnel-service.ts';
import { tunnelsCommand } from './tunnels.ts';

/** In the order of the help. */
export const commands: readonly CliCommand[] = [
  doctorCommand,
  execCommand,
  shellCommand,
  putCommand,
  getCommand,
  lsCommand,
  mkdirCommand,
  jobStart,
  jobStatus,
  jobLogs,
  jobKill,
  jobRemove,
  tunnelCommand,
  tunnelInstall,
  tunnelUninstall,
  tunnelStatus,
  tunnelsCommand,
  setupGateway,
  setupCustomer,
  setupPc,
  setupRemove,
  customersList,
  customersShow,
  customersAdd,
  customersLeave,
  demoCommand,
];
