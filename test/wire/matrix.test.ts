import { it } from 'vitest';
import { expectNothingEarly } from '../support/expect-wire.ts';
import { wireCases } from '../support/wire-matrix.ts';

// All of them run in test/interop/wire.test.ts. 23 has no factor in common with any side of the matrix.
it('sends, asks and shows nothing before the host key is accepted, whatever the server sends', async () => {
  await expectNothingEarly(wireCases().filter((_, index) => index % 23 === 0));
});
