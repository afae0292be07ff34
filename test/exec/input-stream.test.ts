import { expect, it } from 'vitest';
import { InputStream } from '../../src/exec/input/input-stream.ts';

it('fails only writes that the command had not read when it ended', async () => {
  const idle = new InputStream();
  const errors: unknown[] = [];
  idle.on('error', (error) => errors.push(error));
  idle.endEarly();
  await new Promise(setImmediate);
  expect([idle.destroyed, errors]).toEqual([true, []]);

  const waiting = new InputStream();
  waiting.on('error', (error) => errors.push(error));
  waiting.write('not read');
  waiting.endEarly();
  await new Promise(setImmediate);
  expect(waiting.destroyed).toBe(true);
  expect(errors).toMatchObject([{ code: 'EPIPE' }]);
});
