import { describe, expect, it } from 'vitest';
import { isPosix } from '../support/mock-sftp.ts';
import { jobServer } from './job-server.ts';

describe("runJob's options", () => {
  const world = jobServer();
  const { run, timesRun } = world;

  it.each([
    ['kept by default', undefined, 0, 1],
    ['kept when asked', true, 1, 1],
    ['forgotten when asked', false, 0, 2],
    ['kept after a success', 'succeeded', 0, 1],
    ['forgotten after a failure', 'succeeded', 1, 2],
  ] as const)('is %s (keep: %s, exit code %i)', async (_, keep, exitCode, times) => {
    const command = `echo ran >>ran; exit ${exitCode}`;
    for (let call = 0; call < 2; call++) {
      await run(command, { reject: false, ...(keep === undefined ? {} : { keep }) });
    }
    expect(await timesRun()).toBe(times);
  });

  it.each([
    [{ id: '../x' }, /option id/],
    [{ pollInterval: 0 }, /option pollInterval/],
    [{ keep: 'failed' }, /option keep/],
    [{ maxBuffer: -1 }, /option maxBuffer/],
    [{ reject: 'no' }, /option reject/],
    [{ killOnAbort: 1 }, /option killOnAbort/],
    [{ onOutput: 'x' }, /option onOutput/],
    [{ encoding: 'klingon' }, /encoding/],
    [{ dir: '' }, /option dir/],
    [{ onStdout: () => {} }, /option onStdout: there is no such option/],
    [{ signal: {} }, /option signal/],
    [{ shell: 'fish' }, /shell/],
    [{ shell: 'posix', cwd: '' }, /cwd/],
  ])('reject %j before connecting', async (wrong, message) => {
    await expect(run('true', wrong as object)).rejects.toThrow(message);
    expect(world.relay.taken).toBe(0);
  });

  it.runIf(isPosix)('reject interactive if the server is not Windows', async () => {
    await expect(run('true', { interactive: true })).rejects.toThrow(/option interactive.*not Windows/);
  });
});
