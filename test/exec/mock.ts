import { vi } from 'vitest';
import { exec } from '../../src/exec/exec.ts';
import type { TextExecOptions } from '../../src/exec/types.ts';
import { type ExecHandler, type MockServerOptions, startMockServer } from '../../src/mock-server/index.ts';
import { openLink } from '../support/open-link.ts';

/** A mock server with a link to it. Its disposal asserts that nothing was left behind on the link. */
export async function startMock(options: MockServerOptions | ExecHandler = {}) {
  const server = await startMockServer(typeof options === 'function' ? { exec: options } : options);
  const link = await openLink(server);
  const idle = () =>
    vi.waitFor(() => {
      const { slots, lost } = link.opener;
      if (slots.waiting > 0) throw new Error(`${slots.waiting} still wait for a session`);
      if (!lost.error && slots.open > 0) throw new Error(`${slots.open} sessions are still open`);
      if (lost.listenerCount > 0) throw new Error(`${lost.listenerCount} still listen for the end`);
    });
  const dispose = async () => {
    // The server first: a link that is frozen does not end by itself.
    await server.close();
    await link.close();
  };
  return { server, link, opener: link.opener, idle, [Symbol.asyncDispose]: dispose };
}

/** The rejection of a promise that must reject. */
export async function failureOf<E>(promise: PromiseLike<unknown>): Promise<E> {
  try {
    await promise;
  } catch (error) {
    return error as E;
  }
  throw new Error('it resolved');
}

/** The commands that the server was asked to run. */
export function commandsSeen(server: Awaited<ReturnType<typeof startMock>>['server']): string[] {
  return server.journal.flatMap((entry) => (entry.type === 'exec' ? [entry.command] : []));
}

/** Runs until a signal, TERM and KILL alike, ends it. */
export const runsUntilKilled: ExecHandler = (context) => {
  context.stdin.resume();
  context.stdout.write('at work\n');
  context.onSignal((signal) => context.kill(signal));
};

/** Ends only by KILL. */
export const ignoresTerm: ExecHandler = (context) => {
  context.stdin.resume();
  context.stdout.write('at work\n');
  context.onSignal((signal) => signal === 'KILL' && context.kill(signal));
};

/** Takes no notice of any signal. */
export const runsForEver: ExecHandler = (context) => {
  context.stdin.resume();
  context.stdout.write('at work\n');
};

/** Starts a command that says something; resolves when that has arrived. */
export async function started(mock: Awaited<ReturnType<typeof startMock>>, options: TextExecOptions = {}) {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  const command = exec(mock.opener, 'x', { ...options, onStdout: () => resolve() });
  await promise;
  return { command };
}
