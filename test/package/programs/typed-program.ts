import {
  BannerTimeout,
  type CommandResult,
  type Connection,
  type ConnectOptions,
  connectViaGateway,
  isSshError,
} from 'ssh-via-gateway';
import { type MockServer, startMockServer } from 'ssh-via-gateway/mock-server';

export async function firstLine(options: ConnectOptions): Promise<string | undefined> {
  const connection: Connection = await connectViaGateway(options);
  try {
    const result: CommandResult = await connection.exec(['dir', 'C:\\rpa'], { encoding: 'cp949' });
    const bytes: Buffer = (await connection.exec('type in.bin', { encoding: 'buffer' })).stdout;
    for await (const line of connection.exec('rpa-run invoice')) return line + String(bytes.length);
    await connection.upload('in.json', 'C:\\rpa\\in.json', { verify: 'sha256' });
    return result.stdout;
  } catch (error) {
    if (error instanceof BannerTimeout) return `${error.timeoutMs satisfies number} ms of silence`;
    if (isSshError(error)) return error.hint;
    throw error;
  } finally {
    await connection.close();
  }
}

export async function inATest(): Promise<void> {
  const server: MockServer = await startMockServer({ exec: { dir: { stdout: 'in.json' } } });
  // @ts-expect-error: a port is a number
  await firstLine({ host: server.host, port: '22', username: server.username });
  await server.close();
}
