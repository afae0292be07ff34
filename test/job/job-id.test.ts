import { describe, expect, it } from 'vitest';
import { checkJobId } from '../../src/job/job-id.ts';

describe('a job id', () => {
  it.each([
    'a',
    '7',
    '_x',
    'invoice-2026-11-22T10.30',
    'dag.task_1-try-2',
    'console',
    'x.con',
    'a'.repeat(100),
  ])('may be %j', (id) => {
    expect(() => checkJobId(id)).not.toThrow();
  });

  it.each([
    '',
    'a'.repeat(101),
    '.hidden',
    '..',
    '-rf',
    'a/b',
    'a\\b',
    'a b',
    'a:b',
    'a\n',
    'a\0',
    'dot.',
    '한글',
    '$(id)',
    "a'b",
  ])('is rejected if it cannot name a folder on every system: %j', (id) => {
    expect(() => checkJobId(id)).toThrow(TypeError);
    expect(() => checkJobId(id)).toThrow(/option id: .* given; 1 to 100 characters/);
  });

  it.each(['con', 'NUL', 'Aux.txt', 'com1', 'lpt9.log', 'prn.'])(
    'is rejected if it is a device name on Windows: %j',
    (id) => {
      expect(() => checkJobId(id)).toThrow(TypeError);
    },
  );

  it.each([undefined, null, 7, {}])('must be a string, not %j', (id) => {
    expect(() => checkJobId(id)).toThrow(TypeError);
  });
});
