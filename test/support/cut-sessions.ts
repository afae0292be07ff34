import { connect } from 'node:net';
import { isSshError } from '../../src/errors/index.ts';
import { type CutFault, type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import type { ConnectOptions } from '../../src/options/types.ts';
import { connectTo } from './connect.ts';

/** Short lists make short key exchanges, and so fewer bytes to cut at. */
const algorithms = {
  kex: ['curve25519-sha256'],
  serverHostKey: ['ssh-ed25519'],
  cipher: ['aes128-gcm@openssh.com'],
  hmac: ['hmac-sha2-256'],
  compress: ['none'],
};
const content = Buffer.from('0123456789'.repeat(20));
const target = '/target.bin';
/** Nothing may take longer, in milliseconds: all limits together, the goodbye, and a busy machine. */
const hangsAfter = 20_000;

const limits: Partial<ConnectOptions> = {
  // Only a stream that freezes runs into them; enough for a machine that does other things as well.
  timeouts: { tcp: 2_000, banner: 800, handshake: 800, auth: 800, channel: 800 },
  keepalive: { interval: 100, countMax: 1 },
  algorithms,
};

export interface CutReport {
  sessions: number;
  succeeded: number;
  /** How often each `code` ended a step. */
  codes: Record<string, number>;
  /** What must not happen, with the cut at which it did. */
  faults: string[];
  /** The longest session, in milliseconds. */
  slowest: number;
}

/** How many bytes a whole session sends in each direction when nothing goes wrong. */
export async function measureSession(): Promise<{ toServer: number; toClient: number }> {
  await using server = await startMockServer({ algorithms });
  const socket = connect({ port: server.port, host: server.host, noDelay: true });
  const faults = await runSession(server, { via: () => socket }, () => {});
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return { toServer: socket.bytesWritten, toClient: socket.bytesRead };
}

/** Runs a whole session for each cut, several at once, each with a server of its own. */
export async function runCuts(cuts: readonly CutFault[], parallel: number): Promise<CutReport> {
  const report: CutReport = { sessions: 0, succeeded: 0, codes: {}, faults: [], slowest: 0 };
  const queue = [...cuts];
  const lane = async () => {
    await using server = await startMockServer({ algorithms });
    for (let cut = queue.shift(); cut !== undefined; cut = queue.shift()) await runCut(server, cut, report);
    const end = performance.now() + 5_000;
    while (server.connections > 0 && performance.now() < end)
      await new Promise((resolve) => setTimeout(resolve, 10));
    if (server.connections > 0) report.faults.push(`${server.connections} connections were left open`);
  };
  await Promise.all(Array.from({ length: parallel }, lane));
  return report;
}

async function runCut(server: MockServer, cut: CutFault, report: CutReport): Promise<void> {
  const name = `${cut.how} ${cut.direction} at byte ${cut.atByte}`;
  server.files.remove(target);
  server.setFaults({ cut });
  const start = performance.now();
  let succeeded = true;
  const count = (code: string) => {
    succeeded = false;
    report.codes[code] = (report.codes[code] ?? 0) + 1;
  };
  const faults = await orHang(runSession(server, limits, count));
  report.sessions++;
  if (succeeded) report.succeeded++;
  report.slowest = Math.max(report.slowest, performance.now() - start);
  report.faults.push(...faults.map((fault) => `${name}: ${fault}`));
}

function orHang(work: Promise<string[]>): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(['it hung']), hangsAfter);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Connect, a command, a small upload, close. Returns what must not have happened. */
async function runSession(
  server: MockServer,
  options: Partial<ConnectOptions>,
  count: (code: string) => void,
): Promise<string[]> {
  const faults: string[] = [];
  const failed = (step: string, error: unknown): undefined => {
    if (isSshError(error)) count(error.code);
    else faults.push(`${step} rejected with ${error instanceof Error ? error.stack : error}`);
    return undefined;
  };
  const connection = await connectTo(server, options).catch((error) => failed('connect', error));
  if (!connection) return faults;
  const result = await Promise.resolve(connection.exec('echo hello')).catch((error) => failed('exec', error));
  if (result && !(result.stdout === 'hello\n' && result.exitCode === 0)) {
    faults.push(`exec resolved with ${JSON.stringify(result)}`);
  }
  const uploaded = await connection.upload(content, target).catch((error) => failed('upload', error));
  checkTarget(server, uploaded !== undefined, faults);
  await connection.close().catch((error) => faults.push(`close rejected with ${error}`));
  const reason = await connection.closed;
  if (reason !== undefined && !isSshError(reason)) faults.push(`closed resolved with ${reason}`);
  return faults;
}

/** Whole or absent; and whole when the upload said so. */
function checkTarget(server: MockServer, mustBeThere: boolean, faults: string[]): void {
  const isThere = server.files.has(target);
  if (mustBeThere && !isThere) faults.push('the upload resolved, and there is no file');
  if (isThere && !server.files.read(target).equals(content)) faults.push('the file is there, and not whole');
}
