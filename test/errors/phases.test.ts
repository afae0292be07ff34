import { expect, it } from 'vitest';
import { connectOptions } from '../../src/cli/connect/options.ts';
import { connectPhases, nextPhase } from '../../src/errors/index.ts';
import { defaultTimeouts } from '../../src/options/defaults.ts';
import { timeoutChecks } from '../../src/options/validate.ts';

const names = connectPhases.map(({ name }) => name);

it('gives each phase a limit, a check and an option of the command line', () => {
  expect(Object.keys(defaultTimeouts)).toEqual([...names, 'channel', 'total']);
  expect(Object.keys(timeoutChecks)).toEqual([...names, 'channel', 'total']);
  const options = connectOptions.map(({ name }) => name);
  for (const { name, timeout } of connectPhases) {
    expect(defaultTimeouts[name]).toBe(timeout);
    expect(options).toContain(`${name}-timeout`);
  }
});

it('knows which phase comes next', () => {
  expect(nextPhase({})).toBe('tcp');
  expect(nextPhase({ tcp: 1 })).toBe('banner');
  expect(nextPhase({ tcp: 1, banner: 0 })).toBe('handshake');
  expect(nextPhase({ tcp: 1, banner: 1, handshake: 1 })).toBe('auth');
});
