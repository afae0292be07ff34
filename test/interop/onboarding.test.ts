import { describe } from 'vitest';
import { customerTests } from './onboarding/customers.ts';
import { gatewayTests } from './onboarding/gateway.ts';
import { linuxPcTests } from './onboarding/linux-pc.ts';
import { remoteTests } from './onboarding/remote.ts';

// In one file, one after the other: they share the groups and the folders of this machine.
describe('a gateway', gatewayTests);
describe('customers', customerTests);
describe('from elsewhere', remoteTests);
describe('on a Linux PC', linuxPcTests);
