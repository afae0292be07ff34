import type { Connection } from '../../src/index.ts';
import { type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import type { SftpClient } from '../../src/sftp/client/client-types.ts';
import { connectTo } from '../support/connect.ts';

/** A server with a connection and an SFTP client, to whose calls wrong options are given. */
export interface Served {
  server: MockServer;
  connection: Connection;
  sftp: SftpClient;
  /** Entries of the journal that are there before the first wrong option. */
  before: number;
  close(): Promise<void>;
}

/** There is a file `/file`. */
export async function startServed(): Promise<Served> {
  const server = await startMockServer();
  const connection = await connectTo(server);
  const sftp = await connection.sftp();
  await sftp.writeFile('/file', 'x');
  const close = async () => {
    await connection.close();
    await server.close();
  };
  return { server, connection, sftp, before: server.journal.length, close };
}
