import { describe } from 'vitest';
import { testCuts } from '../support/cut-tests.ts';

/** Every byte would take minutes: these are samples, `npm run test:interop` takes every single one. */
describe('a session', () => {
  testCuts({ how: 'fin', stride: 23, offset: 0, parallel: 8 });
  testCuts({ how: 'rst', stride: 23, offset: 11, parallel: 8 });
  testCuts({ how: 'freeze', stride: 47, offset: 0, parallel: 30 });
});
