import { describe, it } from 'vitest';
import { cutDownloads, cutFolderDownloads, cutFolderUploads, cutUploads } from '../support/cut-transfers.ts';

const timeout = 100_000;

describe('a lost connection', () => {
  it('leaves the old file or the complete new one on the server (at any byte sent)', { timeout }, () =>
    cutUploads({ direction: 'toServer', step: 1, size: 64 }),
  );

  it(
    'leaves the old file or the complete new one on the server (at every seventh byte received)',
    { timeout },
    () => cutUploads({ direction: 'toClient', step: 7, size: 64 }),
  );

  it('leaves the old local file or the complete new one (at any byte received)', { timeout }, () =>
    cutDownloads({ direction: 'toClient', step: 1, size: 64 }),
  );

  it('leaves the old local file or the complete new one (at every seventh byte sent)', { timeout }, () =>
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
