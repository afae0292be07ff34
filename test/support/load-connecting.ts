import { startMockServer } from '../../src/mock-server/index.ts';
import { connectTo } from './connect.ts';

/** The first connection of a process loads what all others use: for tests whose clocks are not about that. */
export async function loadConnecting(): Promise<void> {
  await using server = await startMockServer();
  await using _connection = await connectTo(server);
}
