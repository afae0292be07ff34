import { expect, it } from 'vitest';
import { InputStream } from '../../src/exec/input/input-stream.ts';

it('fails at the early end of a command only what the command has not read', async () => {
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
