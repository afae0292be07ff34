import { expect, it } from 'vitest';
import { connectOptions } from '../../src/cli/connect/options.ts';
import { stepNames } from '../../src/cli/doctor/steps.ts';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import type { Io } from '../../src/cli/io.ts';
import { reportFailure } from '../../src/cli/report/failure.ts';
import { connectPhases, nextPhase, TcpTimeout } from '../../src/errors/index.ts';
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

it('gives each phase a step of doctor, in the same order', () => {
  const steps = connectPhases.map(({ step }) => stepNames.indexOf(step));
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
  expect(steps).not.toContain(-1);
});

it('counts a failure in any phase as one of the connection', () => {
  for (const { name } of connectPhases) {
    const said: string[] = [];
    const io = { stderr: { write: (text: string) => said.push(text) > 0 } } as unknown as Io;
    const error = new TcpTimeout('x', { phase: name, timeoutMs: 1 });
    expect(reportFailure(error, io)).toBe(exitCodes.connection);
  }
});

it('orders the phases', () => {
  expect(nextPhase({})).toBe('tcp');
  expect(nextPhase({ tcp: 1 })).toBe('banner');
  expect(nextPhase({ tcp: 1, banner: 0 })).toBe('handshake');
  expect(nextPhase({ tcp: 1, banner: 1, handshake: 1 })).toBe('auth');
});
