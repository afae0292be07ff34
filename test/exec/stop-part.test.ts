import { expect, it, vi } from 'vitest';
import type { CommandTimeout } from '../../src/errors/index.ts';
import { exec } from '../../src/exec/exec.ts';
import { commandsSeen, failureOf, startMock } from './mock.ts';

const part = vi.hoisted(() => ({ isLacking: true }));
vi.mock('../../src/exec/stop/stop-windows.ts', async (original) => {
  const whole = await original<typeof import('../../src/exec/stop/stop-windows.ts')>();
  return {
    get killOnWindows() {
      if (part.isLacking) throw new Error('EMFILE: too many open files');
      return whole.killOnWindows;
    },
  };
});

it('settles if what ends a command on Windows cannot be loaded, and ends the next one', async () => {
  await using mock = await startMock({ windows: true, exec: { robot: { delayMs: 60_000 } } });
  const stopped = () => failureOf<CommandTimeout>(exec(mock.opener, 'robot', { timeout: 100 }));
  expect(await stopped()).toMatchObject({ code: 'SSH_COMMAND_TIMEOUT', terminated: 'unknown' });
  // Its session is closed, and nothing else was asked for.
  await mock.idle();
  expect(commandsSeen(mock.server)).toHaveLength(1);
  part.isLacking = false;
  await stopped();
  expect(commandsSeen(mock.server)).toHaveLength(3);
});
