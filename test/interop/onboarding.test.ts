import { afterAll, beforeAll, describe } from 'vitest';
import { lockMachine } from '../support/onboarding-world.ts';
import { customerTests } from './onboarding/customers.ts';
import { gatewayTests } from './onboarding/gateway.ts';
import { linuxPcTests } from './onboarding/linux-pc.ts';
import { remoteTests } from './onboarding/remote.ts';

// In one file, one after the other: they share the groups and the folders of this machine.
let release: () => void;
beforeAll(async () => {
  release = await lockMachine();
}, 330_000);
afterAll(() => release());

describe('a gateway', gatewayTests);
describe('customers', customerTests);
describe('from elsewhere', remoteTests);
describe('on a Linux PC', linuxPcTests);
