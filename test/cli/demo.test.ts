import { expect, test } from 'vitest';
import { run } from './run.ts';

test('the demo does the main job and checks all of it', async () => {
  const { exitCode, stdout } = await run(['demo']);
  expect(stdout.toString()).toMatch(/\n(\d+) of \1 checks passed\n$/);
  expect(exitCode).toBe(0);
});
