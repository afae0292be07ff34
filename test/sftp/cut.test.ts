import { describe, it } from 'vitest';
import { cutDownloads, cutFolderDownloads, cutFolderUploads, cutUploads } from '../support/cut-transfers.ts';
import { thorough } from '../support/thorough.ts';

const timeout = 100_000;
/** Of the direction in which the file's bytes go, of the other, and of a folder's. */
const [step, otherStep, folderStep] = thorough ? [1, 7, 11] : [7, 23, 37];

describe('a lost connection', () => {
  it(
    `leaves the old file or the complete new one on the server (at every ${step}. byte sent)`,
    { timeout },
    () => cutUploads({ direction: 'toServer', step, size: 64 }),
  );

  it(
    `leaves the old file or the complete new one on the server (at every ${otherStep}. byte received)`,
    { timeout },
    () => cutUploads({ direction: 'toClient', step: otherStep, size: 64 }),
  );

  it(`leaves the old local file or the complete new one (at every ${step}. byte received)`, { timeout }, () =>
    cutDownloads({ direction: 'toClient', step, size: 64 }),
  );

  it(
    `leaves the old local file or the complete new one (at every ${otherStep}. byte sent)`,
    { timeout },
    () => cutDownloads({ direction: 'toServer', step: otherStep, size: 64 }),
  );

  const directions = ['toServer', 'toClient'] as const;

  it.each(directions)(
    'leaves of each file of a folder the old or the whole new one on the server (cut %s)',
    { timeout },
    (direction) => cutFolderUploads({ direction, step: folderStep }),
  );

  it.each(directions)(
    'leaves of each file of a folder the old or the whole new one here (cut %s)',
    { timeout },
    (direction) => cutFolderDownloads({ direction, step: folderStep }),
  );
});
