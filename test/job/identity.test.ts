import { expect, it } from 'vitest';
import { offsetsOf, resolveStart } from '../../src/job/options.ts';
import type { StartJobOptions } from '../../src/job/types.ts';

const of = (options: Partial<StartJobOptions> = {}, windows = true, command: string | string[] = 'x') =>
  resolveStart(command, { id: 'job', ...options } as StartJobOptions, windows);
const same = (one: Partial<StartJobOptions>, other: Partial<StartJobOptions>) =>
  of(one).fingerprint === of(other).fingerprint;

it('is the same job on the desktop, however its defaults are written', () => {
  const plain = { interactive: true } as const;
  expect(same(plain, { interactive: {} })).toBe(true);
  expect(same(plain, { interactive: { runLevel: 'limited' } })).toBe(true);
  expect(same({}, { interactive: false })).toBe(true);
});

it.each<[string, Partial<StartJobOptions>, Partial<StartJobOptions>]>([
  ['on the desktop', {}, { interactive: true }],
  ['with more rights', { interactive: true }, { interactive: { runLevel: 'highest' } }],
  ['with a limit', { interactive: true }, { interactive: { executionTimeLimit: 60 } }],
  [
    'with another limit',
    { interactive: { executionTimeLimit: 50 } },
    { interactive: { executionTimeLimit: 60 } },
  ],
  [
    'with more rights and a limit',
    { interactive: { runLevel: 'highest' } },
    { interactive: { runLevel: 'highest', executionTimeLimit: 60 } },
  ],
  ['in another folder', {}, { cwd: 'C:\\x' }],
  ['with a variable', {}, { env: { A: '1' } }],
  ['with another value', { env: { A: '2' } }, { env: { A: '1' } }],
  ['with another shell', {}, { shell: 'powershell' }],
  ['of another id', {}, { id: 'other' }],
])('is another job %s', (_what, one, other) => {
  expect(same(one, other)).toBe(false);
});

it('does not depend on the order of its variables', () => {
  expect(same({ env: { A: '1', B: '2', C: '3' } }, { env: { C: '3', B: '2', A: '1' } })).toBe(true);
});

it('has a desktop only on Windows', () => {
  expect(() => of({ interactive: true }, false)).toThrow(/interactive.*not Windows/);
  expect(() => of({ interactive: false }, false)).not.toThrow();
  expect(of({ interactive: true }).interactive).toEqual({});
  expect(of().interactive).toBeUndefined();
});

it('is shown without cwd and env', () => {
  expect(of({ cwd: 'C:\\x', env: { A: 'secret' } }).command).toBe('x');
});

it('is read from the beginning by default', () => {
  expect(offsetsOf()).toEqual({ stdout: 0, stderr: 0 });
  expect(offsetsOf({ stdout: 3 })).toEqual({ stdout: 3, stderr: 0 });
});

// What was started by an earlier version must be found by a later one.
it.each<[Partial<StartJobOptions>, boolean, string]>([
  [{}, false, '5c8f29c18e4d2f95ba90fa78eb9e8d58'],
  [{ interactive: true }, true, '47aab3bc30a041a4de516aaccc12e0da'],
  [{ interactive: { runLevel: 'highest' } }, true, '0de7ea2123d9e91db4eb4cf86e42af69'],
  [{ cwd: '/x', env: { B: '2', A: '1' } }, false, '1cc7b73276628a3a2f6c204f3979f5fe'],
])('keeps its fingerprint across versions: %j', (options, windows, fingerprint) => {
  expect(of(options, windows).fingerprint).toBe(fingerprint);
});
