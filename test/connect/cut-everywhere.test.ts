import { describe } from 'vitest';
import { testCuts } from '../support/cut-tests.ts';

/** Every byte would take a minute: here every fifth, in `npm run test:interop` every single one. */
describe('a session', () => {
  testCuts({ how: 'fin', stride: 5, offset: 0, parallel: 8 });
  testCuts({ how: 'rst', stride: 5, offset: 2, parallel: 8 });
  testCuts({ how: 'freeze', stride: 13, offset: 0, parallel: 30 });
});
