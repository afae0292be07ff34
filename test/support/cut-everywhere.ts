import { expect } from 'vitest';
import { startMockServer } from '../../src/mock-server/index.ts';
import { sftpOpener } from '../../src/ssh2/sftp/opener.ts';
import { openLink } from './open-link.ts';

/** Several of these run at once; each waits more than it computes. */
const parallel = 8;

export interface CutPlan {
  direction: Direction;
  /** 1 cuts at every byte. */
  step: number;
}

export type Direction = 'toClient' | 'toServer';
export type Job = (opener: ReturnType<typeof sftpOpener>) => Promise<unknown>;

/** Bytes of each direction after the login, without a cut. */
async function measure(direction: Direction, job: Job, prepare: (server: Server) => void) {
  await using server = await startMockServer();
  prepare(server);
  const plain = await openLink(server);
  const socket = (plain.client as unknown as { _sock: { bytesRead: number; bytesWritten: number } })._sock;
  const count = () => (direction === 'toClient' ? socket.bytesRead : socket.bytesWritten);
  const before = count();
  await job(sftpOpener(plain.link));
  const after = count();
  await plain.close();
  return { before, after };
}

export type Server = Awaited<ReturnType<typeof startMockServer>>;

/** Runs the job once for every place at which the connection may be cut, and looks at what is left. */
export async function cutEverywhere(
  { direction, step }: CutPlan,
  job: (at: number) => Job,
  prepare: (server: Server) => void,
  check: (server: Server, at: number, error: unknown) => Promise<void>,
) {
  const { before, after } = await measure(direction, job(-1), prepare);
  expect(after - before).toBeGreaterThan(200);
  let next = before;
  let tried = 0;
  let failures = 0;
  const worker = async () => {
    while (next <= after + 40) {
      const at = next;
      next += step;
      tried++;
      const faults = { cut: { direction, atByte: at, how: at % 2 ? ('rst' as const) : ('fin' as const) } };
      await using server = await startMockServer({ faults });
      prepare(server);
      let error: unknown;
      try {
        const plain = await openLink(server);
        await job(at)(sftpOpener(plain.link)).catch((reason) => {
          error = reason;
        });
        await plain.close();
      } catch {
        continue; // Cut within the login: the length of its packets differs from run to run.
      }
      if (error) failures++;
      await check(server, at, error);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  expect(failures).toBeGreaterThan(tried / 3);
}
