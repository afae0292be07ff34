import { describe } from 'vitest';
import { testCuts } from '../support/cut-tests.ts';

describe('a session', () => {
  testCuts({ how: 'fin', stride: 1, offset: 0, parallel: 8 });
  // The other two differ from it in what is seen of the end, which is the same for bytes of one message.
  testCuts({ how: 'rst', stride: 3, offset: 1, parallel: 8 });
  testCuts({ how: 'freeze', stride: 3, offset: 2, parallel: 80 });
});
