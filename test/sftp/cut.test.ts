import { describe, it } from 'vitest';
import { cutDownloads, cutFolderDownloads, cutFolderUploads, cutUploads } from '../support/cut-transfers.ts';

const timeout = 100_000;

describe('a connection that is cut', () => {
  it('leaves the old file or the whole new one on the server (at any byte to it)', { timeout }, () =>
    cutUploads({ direction: 'toServer', step: 1, size: 64 }),
  );

  it(
    'leaves the old file or the whole new one on the server (at every seventh byte from it)',
    { timeout },
    () => cutUploads({ direction: 'toClient', step: 7, size: 64 }),
  );

  it('leaves the old file or the whole new one here (at any byte from the server)', { timeout }, () =>
    cutDownloads({ direction: 'toClient', step: 1, size: 64 }),
  );

  it('leaves the old file or the whole new one here (at every seventh byte to the server)', { timeout }, () =>
    cutDownloads({ direction: 'toServer', step: 7, size: 64 }),
  );

  const directions = ['toServer', 'toClient'] as const;

  it.each(directions)(
    'leaves of each file of a folder the old or the whole new one on the server (cut %s)',
    { timeout },
    (direction) => cutFolderUploads({ direction, step: 11 }),
  );

  it.each(directions)(
    'leaves of each file of a folder the old or the whole new one here (cut %s)',
    { timeout },
    (direction) => cutFolderDownloads({ direction, step: 11 }),
  );
});
