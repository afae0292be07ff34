export type * from './fault-types.ts';
export { startMockGateway } from './gateway.ts';
export type * from './gateway-types.ts';
export type { JournalEntry, JournalEvent } from './journal.ts';
export { startMockServer } from './start-mock-server.ts';
export type * from './types.ts';
