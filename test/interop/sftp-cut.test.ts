import { describe, it } from 'vitest';
import { cutDownloads, cutUploads } from '../support/cut-transfers.ts';

// In this process alone, but thousands of connections: too many for the quick tests.
describe('a connection that is cut at every single byte', () => {
  const directions = ['toServer', 'toClient'] as const;
  const timeout = 600_000;

  it.each(directions)(
    'leaves the old file or the whole new one on the server (%s)',
    { timeout },
    (direction) => cutUploads({ direction, step: 1, size: 1_500 }),
  );

  it.each(directions)('leaves the old file or the whole new one here (%s)', { timeout }, (direction) =>
    cutDownloads({ direction, step: 1, size: 1_500 }),
  );
});
