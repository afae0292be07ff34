import { expect, it } from 'vitest';
import { upload } from '../../src/sftp/up/upload.ts';
import { memorySftp } from '../support/memory-sftp.ts';

const MiB = 1024 * 1024;
const content = Buffer.alloc(8 * MiB, 'x');
/** So far away that a file of 8 MiB is worth three more sessions. */
const far = { roundTrip: 60, maxWrite: MiB };

it('a large upload to a distant server releases all its sessions', async () => {
  const memory = memorySftp(far);
  await upload(memory.opener, content, '/a');
  await memory.quiet();
  expect(memory.entry('/a')?.bytes.equals(content)).toBe(true);
  expect(memory.sessions.map(({ state }) => state)).toEqual(['released', 'released', 'released', 'released']);
  // The file is opened on each of them as soon as it is there.
  expect(memory.asked.filter((request) => request === 'open /.a.LAST w')).toHaveLength(3);
  expect(memory.handles()).toEqual([]);
});

it.each([
  ['a write', (request: string) => (request.startsWith('write') ? 3 : undefined)],
  ['the file', (request: string) => (request.startsWith('open') ? 3 : undefined)],
])('a failed one closes all its sessions, and leaves nothing: %s is refused', async (_what, refuse) => {
  const memory = memorySftp({ ...far, refuse });
  await expect(upload(memory.opener, content, '/a')).rejects.toThrow('refused');
  await memory.quiet();
  expect(memory.sessions.map(({ state }) => state)).toEqual(['closed', 'closed', 'closed', 'closed']);
  expect(memory.files()).toEqual([]);
});

it('uses one session if the server is near, or may accept a file only from one', async () => {
  for (const server of [
    { ...far, roundTrip: 4 },
    { ...far, order: 'in turn' as const },
  ]) {
    const memory = memorySftp(server);
    await upload(memory.opener, content, '/a');
    expect(memory.sessions).toHaveLength(1);
  }
});
