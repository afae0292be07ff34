import { it } from 'vitest';
import { expectNothingEarly } from '../support/expect-wire.ts';
import { wireCases } from '../support/wire-matrix.ts';

it('sends, asks and shows nothing before the host key is accepted, in every combination', async () => {
  await expectNothingEarly(wireCases());
});
