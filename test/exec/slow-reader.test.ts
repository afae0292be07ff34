import { describe, expect, it } from 'vitest';
import type { ConnectionLost } from '../../src/errors/index.ts';
import { exec } from '../../src/exec/exec.ts';
import { latch } from '../../src/time/latch.ts';
import { failureOf, startMock } from './mock.ts';

const output = 'x'.repeat(1_000_000);

/** A command whose listener takes the first piece of the output and then its time. */
async function slowlyRead(end: 'ends' | 'runs on') {
  const mock = await startMock(({ command, stdin, stdout }) => {
    stdin.resume();
    if (command === 'true') return 0;
    stdout.write(output);
    return end === 'ends' ? 0 : undefined;
  });
  const reading = latch<void>();
  const command = exec(mock.opener, 'x', { onStdout: () => reading.promise });
  command.catch(() => {});
  await mock.server.waitFor('exec');
  // Its answer comes behind all that the first command has said.
  await exec(mock.opener, 'true');
  return { mock, command, readOn: () => reading.resolve(), [Symbol.asyncDispose]: mock[Symbol.asyncDispose] };
}

describe('a connection lost while a reader is behind', () => {
  it('does not lose output that had arrived', async () => {
    await using slow = await slowlyRead('runs on');
    slow.mock.server.dropAll('rst');
    const error = await failureOf<ConnectionLost>(slow.command);
    expect(error).toMatchObject({ code: 'SSH_CONNECTION_LOST', started: true });
    expect(error.stdout?.length).toBe(output.length);
    slow.readOn();
    await slow.mock.idle();
  });

  it('does not fail a command whose end had arrived completely', async () => {
    await using slow = await slowlyRead('ends');
    slow.mock.server.dropAll('rst');
    await expect.poll(() => slow.mock.opener.lost.error).toBeDefined();
    slow.readOn();
    const { exitCode, stdout } = await slow.command;
    expect(exitCode).toBe(0);
    expect(stdout.length).toBe(output.length);
    await slow.mock.idle();
  });
});
