import { expect } from 'vitest';
import { run } from './run.ts';

/** Runs a program that does a round trip (test/package/programs/round-trip.mjs) and checks all that it found. */
export async function expectRoundTrip(node: string, file: string, cwd: string): Promise<void> {
  const { code, stdout, stderr } = await run(node, [file], { cwd, timeout: 60_000 });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({
    dir: '가나다\n',
    error: { known: true, code: 'SSH_COMMAND_FAILED', name: 'CommandFailed', exitCode: 3 },
    moved: true,
    cipher: 'chacha',
  });
}
