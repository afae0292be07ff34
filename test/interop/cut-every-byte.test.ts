import { describe } from 'vitest';
import { testCuts } from '../support/cut-tests.ts';

describe('a session', () => {
  testCuts({ how: 'fin', stride: 1, offset: 0, parallel: 8 });
  testCuts({ how: 'rst', stride: 1, offset: 0, parallel: 8 });
  testCuts({ how: 'freeze', stride: 1, offset: 0, parallel: 80 });
});
