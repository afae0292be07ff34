/**
 * SSH servers and gateways in this process, with faults as data, for tests: `ssh-via-gateway/mock-server`.
 *
 * @module mock-server
 */
export type * from './faults/fault-types.ts';
export { startMockGateway } from './gateway/gateway.ts';
export type * from './gateway/gateway-types.ts';
export type { JournalBase, JournalEntry, JournalEvent } from './journal.ts';
export { startMockServer } from './start-mock-server.ts';
export type * from './types.ts';
