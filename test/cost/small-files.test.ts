import { createHook } from 'node:async_hooks';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { download } from '../../src/sftp/down/download.ts';
import { upload } from '../../src/sftp/up/upload.ts';
import type { Answered, SftpOpener, SftpRequests } from '../../src/ssh2/sftp/requests.ts';
import type { SftpName } from '../../src/ssh2/sftp/wire.ts';
import { Writes } from '../../src/ssh2/sftp/write-order.ts';
import { LostSignal } from '../../src/ssh2/transport/lost.ts';
import { fakeHandle, fakeSftp } from '../support/fake-sftp.ts';
import { localFolder } from '../support/mock-sftp.ts';
// Loaded on demand, with promises of the loader's own.
import '../../src/sftp/up/upload-folder.ts';
import '../../src/sftp/down/download-folder.ts';

// What a process does for each small file, counted where nothing but the transfer runs: a server that costs nothing.

const count = 200;
const size = 4096;

/** Answers everything in a later turn, as if it had done it. */
function willingServer(): SftpRequests {
  const later = <T>(answer: T, done: Answered<T>) => void setImmediate(() => done(undefined, answer));
  const content = Buffer.alloc(size);
  const folder = { mode: 0o040755, size: 4096 };
  const listings = [Array.from({ length: count }, (_, n) => listed(`${n}`))];
  return fakeSftp({
    writes: new Writes('free'),
    maxWrite: 2 ** 18,
    maxRead: 2 ** 18,
    maxHandles: 100,
    roundTrip: 0,
    receiveWindow: 2 ** 24,
    greeted: Promise.resolve(),
    onEnded: () => () => {},
    supports: () => true,
    mkdir: async () => {},
    cleanUp: () => {},
    release: () => {},
    write: (_handle, _position, _data, done) => void setImmediate(() => done(undefined)),
    lstat: async () => folder,
    stat: async () => folder,
    opendir: async () => fakeHandle,
    readdir: async () => listings.pop(),
    closeHandle: async () => {},
    realPath: async (path) => path,
    read: (_handle, _position, _length, done) => void setImmediate(() => done(undefined, [content], size)),
    small: {
      open: (_path, _flags, _attributes, done) => later(fakeHandle, done),
      fstat: (_handle, done) => later({ size }, done),
      close: (_handle, done) => later(undefined, done),
      posixRename: (_from, _to, done) => later(undefined, done),
    },
  });
}

function listed(name: string): SftpName {
  return { name, raw: Buffer.from(name), attributes: { mode: 0o100644, size, atime: 1, mtime: 1 } };
}

function openerOf(sftp: SftpRequests): SftpOpener {
  const where = { host: 'pc', port: 22, hop: 'pc' } as const;
  return { openSftp: async () => sftp, lost: new LostSignal(), where, serverVersion: 'OpenSSH_9.2' };
}

/**
 * Promises that are made while `work` runs, those of this function included. The clock stands still meanwhile: on a busy
 * machine the server would look far away, and more files would go at once.
 */
async function promisesIn(work: () => Promise<unknown>): Promise<number> {
  let made = 0;
  const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
  const hook = createHook({
    init(_id, type) {
      if (type === 'PROMISE') made++;
    },
  }).enable();
  try {
    await work();
    return made;
  } finally {
    hook.disable();
    clock.mockRestore();
  }
}

it('creates at most five promises per file of an uploaded folder', async () => {
  await using local = await localFolder();
  await mkdir(join(local.path, 'files'));
  for (let n = 0; n < count; n++) await writeFile(join(local.path, 'files', `${n}`), Buffer.alloc(size, n));
  const opener = openerOf(willingServer());
  const made = await promisesIn(async () => {
    const { files } = await upload(opener, join(local.path, 'files'), '/there');
    expect(files).toBe(count);
  });
  console.log(`${(made / count).toFixed(1)} promises a file`);
  expect(made / count).toBeLessThanOrEqual(5);
});

it('creates at most five promises per file of a downloaded folder', async () => {
  await using local = await localFolder();
  const opener = openerOf(willingServer());
  const made = await promisesIn(async () => {
    const { files } = await download(opener, '/there', join(local.path, 'back'));
    expect(files).toBe(count);
  });
  console.log(`${(made / count).toFixed(1)} promises a file`);
  expect(made / count).toBeLessThanOrEqual(5);
});

it('reuses the buffers of uploaded files', async () => {
  await using local = await localFolder();
  await mkdir(join(local.path, 'files'));
  for (let n = 0; n < count; n++) await writeFile(join(local.path, 'files', `${n}`), Buffer.alloc(size, n));
  const spy = vi.spyOn(Buffer, 'allocUnsafeSlow');
  try {
    await upload(openerOf(willingServer()), join(local.path, 'files'), '/there', { concurrency: 20 });
    expect(spy.mock.calls.length).toBeGreaterThan(0);
    expect(spy.mock.calls.length).toBeLessThanOrEqual(20);
  } finally {
    spy.mockRestore();
  }
});
